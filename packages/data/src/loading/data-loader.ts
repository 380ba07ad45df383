import { ArgumentError, key as keyOf, StateError, type RandomKey } from "@ansatz/core";
import type { Dataset } from "./dataset.ts";
import { batchesOf, bucketed, shuffled } from "./order.ts";

export interface DataLoaderOptions {
  readonly batchSize: number;
  /**
   * Draws the order of each epoch, and what is random within batches; examples come in their own order unless given.
   */
  readonly shuffle?: RandomKey;
  /** Leaves out a last batch that is not full; each other size is another program. */
  readonly dropLast?: boolean;
  /**
   * Puts examples of like length together, within stretches of this many batches; the batches then come in random
   * order. Needs `shuffle`.
   */
  readonly bucket?: number;
  /**
   * The part of the examples that is this process's: every `count`th, from `index` on. All parts have as many examples;
   * up to `count` − 1 are left out.
   */
  readonly shard?: { readonly index: number; readonly count: number };
  /** How many batches are made ahead, at once where the dataset can (see `inWorkers`); none unless given. */
  readonly prefetch?: number;
}

/** Where a loader stands, to save and load. */
export interface DataLoaderState {
  readonly epoch: number;
  /** How many batches of the epoch have been given out. */
  readonly batch: number;
}

/**
 * Batches of a dataset: shuffled by a key, bucketed by length, sharded. Each walk over it gives out what is left of an
 * epoch, then the next begins.
 *
 * What a batch holds depends on key, epoch and number alone: a loader with a loaded state goes on as one that was never
 * stopped.
 *
 * @throws ArgumentError for settings that make no sense
 * @example const loader = new DataLoader(new Columns({ x: { data: Float32Array.of(1, 2, 3) } }), { batchSize: 2 });
 * const [first, second] = [await loader.next(), await loader.next()];
 * [first.x, second.x] // [[1, 2], [3]]
 * loader.stateDict() // { epoch: 1, batch: 0 }
 */
export class DataLoader<Batch> {
  readonly dataset: Dataset<Batch>;
  readonly options: DataLoaderOptions;
  #epoch = 0;
  #batch = 0;
  /** By epoch. */
  readonly #orders = new Map<number, readonly Int32Array[]>();
  /** Batches under way, by epoch and number. */
  readonly #ahead = new Map<string, Promise<Batch>>();

  constructor(dataset: Dataset<Batch>, options: DataLoaderOptions) {
    const { batchSize, bucket, shuffle, shard, prefetch = 0 } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1)
      throw new ArgumentError(`DataLoader: the batch size is ${batchSize}\n  use a whole number, 1 or more`);
    if (bucket !== undefined && (!Number.isInteger(bucket) || bucket < 1))
      throw new ArgumentError(`DataLoader: a bucket of ${bucket} batches\n  use a whole number, 1 or more`);
    if (bucket !== undefined && (shuffle === undefined || dataset.lengthOf === undefined))
      throw new ArgumentError(
        `DataLoader: bucketing needs ${shuffle === undefined ? "a key to shuffle by\n  give { shuffle: key(seed) }" : "a dataset that knows lengths\n  give it a lengthOf(place)"}`,
      );
    if (
      shard !== undefined &&
      !(Number.isInteger(shard.count) && Number.isInteger(shard.index) && shard.index >= 0 && shard.index < shard.count)
    ) {
      throw new ArgumentError(
        `DataLoader: shard ${shard.index} of ${shard.count}\n  count from 0 up to, and without, the count`,
      );
    }
    if (!Number.isInteger(prefetch) || prefetch < 0)
      throw new ArgumentError(`DataLoader: prefetch is ${prefetch}\n  use a whole number of batches, 0 or more`);
    this.dataset = dataset;
    this.options = options;
    if (this.batchesPerEpoch === 0)
      throw new ArgumentError(
        `DataLoader: ${dataset.length} examples make no batch of ${batchSize}\n  use a smaller batch, or leave dropLast out`,
      );
  }

  /** The number of batches in an epoch. */
  get batchesPerEpoch(): number {
    const { batchSize, dropLast = false, shard } = this.options;
    const examples = Math.floor(this.dataset.length / (shard?.count ?? 1));
    return dropLast ? Math.floor(examples / batchSize) : Math.ceil(examples / batchSize);
  }

  /** How many epochs have been given out. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The next batch, of the next epoch where one is over. */
  async next(): Promise<Batch> {
    const [epoch, number] = [this.#epoch, this.#batch];
    const batch = this.#make(epoch, number);
    let [laterEpoch, laterNumber] = this.#after(epoch, number);
    for (let i = 0; i < (this.options.prefetch ?? 0); i++) {
      this.#make(laterEpoch, laterNumber).catch(() => undefined); // told when it is asked for
      [laterEpoch, laterNumber] = this.#after(laterEpoch, laterNumber);
    }
    try {
      const made = await batch;
      // Counted only once it is there: one that failed is tried again.
      [this.#epoch, this.#batch] = this.#after(epoch, number);
      return made;
    } finally {
      this.#ahead.delete(`${epoch} ${number}`);
    }
  }

  #after(epoch: number, number: number): readonly [epoch: number, number: number] {
    return number + 1 < this.batchesPerEpoch ? [epoch, number + 1] : [epoch + 1, 0];
  }

  /** A batch, which may be under way. */
  #make(epoch: number, number: number): Promise<Batch> {
    const name = `${epoch} ${number}`;
    const known = this.#ahead.get(name);
    if (known !== undefined) return known;
    const key = (this.options.shuffle ?? keyOf(0)).fold(1).fold(epoch).fold(number);
    const batch = (async () => this.dataset.batch(this.#batches(epoch)[number]!, key))();
    this.#ahead.set(name, batch);
    return batch;
  }

  /** What is left of the epoch. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Batch, void> {
    const { epoch } = this;
    while (this.epoch === epoch) yield await this.next();
  }

  #batches(epoch: number): readonly Int32Array[] {
    const known = this.#orders.get(epoch);
    if (known !== undefined) return known;
    const { batchSize, shuffle, bucket, shard = { index: 0, count: 1 }, dropLast = false } = this.options;
    const own = shuffle?.fold(0).fold(epoch);
    const { length } = this.dataset;
    const all = own === undefined ? Int32Array.from({ length }, (_, i) => i) : shuffled(own.fold(0), length);
    const part = all.subarray(0, length - (length % shard.count)).filter((_, i) => i % shard.count === shard.index);
    const order =
      bucket === undefined ? part : bucketed(part, bucket * batchSize, (place) => this.dataset.lengthOf!(place));
    const batches = batchesOf(order, batchSize, dropLast);
    const mixed =
      bucket === undefined ? batches : Array.from(shuffled(own!.fold(1), batches.length), (i) => batches[i]!);
    for (const old of this.#orders.keys()) if (old < this.#epoch) this.#orders.delete(old);
    this.#orders.set(epoch, mixed);
    return mixed;
  }

  /** Where it stands. */
  stateDict(): DataLoaderState {
    return { epoch: this.#epoch, batch: this.#batch };
  }

  /** Goes on where a saved one was. @throws StateError for a state that is none of this dataset */
  loadStateDict({ epoch, batch }: DataLoaderState): void {
    const fits =
      Number.isInteger(epoch) && epoch >= 0 && Number.isInteger(batch) && batch >= 0 && batch < this.batchesPerEpoch;
    if (!fits)
      throw new StateError(
        `DataLoader: the state is batch ${String(batch)} of epoch ${String(epoch)}, but there are ${this.batchesPerEpoch} batches in an epoch\n  load it into a loader of the same dataset and batch size`,
      );
    [this.#epoch, this.#batch] = [epoch, batch];
    this.#ahead.clear();
    this.#orders.clear();
  }
}
