import { ArgumentError, key as keyOf, StateError, type RandomKey } from "@ansatz/core";
import type { Dataset } from "./dataset.ts";
import { batchesOf, bucketed, shuffled } from "./order.ts";

export interface DataLoaderOptions {
  readonly batchSize: number;
  /** Draws the order of each epoch, and the randomness within batches. Default: examples come in order. */
  readonly shuffle?: RandomKey;
  /** Leaves out a last batch that is not full; another batch size would need another program. */
  readonly dropLast?: boolean;
  /**
   * Groups examples of similar length, within stretches of this many batches; the batches then come in random order.
   * Needs `shuffle`.
   */
  readonly bucket?: number;
  /**
   * The examples of this process: every `count`th, starting at `index`. All shards have the same size; up to `count` −
   * 1 examples are left out.
   */
  readonly shard?: { readonly index: number; readonly count: number };
  /** How many batches are made ahead, in parallel if the dataset can (see `inWorkers`). Default: 0. */
  readonly prefetch?: number;
}

/** The position of a loader, to save and load. */
export interface DataLoaderState {
  readonly epoch: number;
  /** How many batches of the epoch have been returned. */
  readonly batch: number;
}

/**
 * Batches of a dataset: shuffled by a key, grouped by length, sharded. Each iteration over it gives the rest of the
 * current epoch; the next iteration begins the next epoch.
 *
 * A batch depends only on the key, the epoch and its number, so a loader with a loaded state continues as if it had
 * never been stopped.
 *
 * @throws ArgumentError for invalid options
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
  /** The batches of each epoch, by epoch. */
  readonly #orders = new Map<number, readonly Int32Array[]>();
  /** Batches that are being made, by epoch and number. */
  readonly #ahead = new Map<string, Promise<Batch>>();

  constructor(dataset: Dataset<Batch>, options: DataLoaderOptions) {
    const { batchSize, bucket, shuffle, shard, prefetch = 0 } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1)
      throw new ArgumentError(`DataLoader: the batch size is ${batchSize}\n  use a whole number, 1 or more`);
    if (bucket !== undefined && (!Number.isInteger(bucket) || bucket < 1))
      throw new ArgumentError(`DataLoader: bucket is ${bucket}\n  use a whole number of batches, 1 or more`);
    if (bucket !== undefined && (shuffle === undefined || dataset.lengthOf === undefined))
      throw new ArgumentError(
        shuffle === undefined
          ? "DataLoader: bucketing needs a key to shuffle by\n  add { shuffle: key(seed) }"
          : "DataLoader: bucketing needs the lengths of examples\n  give the dataset a lengthOf(place)",
      );
    if (
      shard !== undefined &&
      !(Number.isInteger(shard.count) && Number.isInteger(shard.index) && shard.index >= 0 && shard.index < shard.count)
    ) {
      throw new ArgumentError(
        `DataLoader: shard ${shard.index} of ${shard.count} does not exist\n  use an index from 0 to count − 1`,
      );
    }
    if (!Number.isInteger(prefetch) || prefetch < 0)
      throw new ArgumentError(`DataLoader: prefetch is ${prefetch}\n  use a whole number of batches, 0 or more`);
    this.dataset = dataset;
    this.options = options;
    if (this.batchesPerEpoch === 0)
      throw new ArgumentError(
        `DataLoader: ${dataset.length} examples are too few for a batch of ${batchSize}\n` +
          "  use a smaller batch size, or leave out dropLast",
      );
  }

  /** The number of batches in an epoch. */
  get batchesPerEpoch(): number {
    const { batchSize, dropLast = false, shard } = this.options;
    const examples = Math.floor(this.dataset.length / (shard?.count ?? 1));
    return dropLast ? Math.floor(examples / batchSize) : Math.ceil(examples / batchSize);
  }

  /** How many epochs are complete. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The next batch. After the last batch of an epoch comes the first of the next. */
  async next(): Promise<Batch> {
    const [epoch, number] = [this.#epoch, this.#batch];
    const batch = this.#make(epoch, number);
    let [laterEpoch, laterNumber] = this.#after(epoch, number);
    for (let i = 0; i < (this.options.prefetch ?? 0); i++) {
      this.#make(laterEpoch, laterNumber).catch(() => undefined); // reported when the batch is requested
      [laterEpoch, laterNumber] = this.#after(laterEpoch, laterNumber);
    }
    try {
      const made = await batch;
      // The position advances only once the batch is there, so a failed batch is tried again.
      [this.#epoch, this.#batch] = this.#after(epoch, number);
      return made;
    } finally {
      this.#ahead.delete(`${epoch} ${number}`);
    }
  }

  #after(epoch: number, number: number): readonly [epoch: number, number: number] {
    return number + 1 < this.batchesPerEpoch ? [epoch, number + 1] : [epoch + 1, 0];
  }

  /** Starts making a batch, or returns the one that is being made. */
  #make(epoch: number, number: number): Promise<Batch> {
    const name = `${epoch} ${number}`;
    const known = this.#ahead.get(name);
    if (known !== undefined) return known;
    const key = (this.options.shuffle ?? keyOf(0)).fold(1).fold(epoch).fold(number);
    const batch = (async () => this.dataset.batch(this.#batches(epoch)[number]!, key))();
    this.#ahead.set(name, batch);
    return batch;
  }

  /** The rest of the current epoch. */
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

  /** The current position. */
  stateDict(): DataLoaderState {
    return { epoch: this.#epoch, batch: this.#batch };
  }

  /** Continues at a saved position. @throws StateError if the position does not exist in this dataset */
  loadStateDict({ epoch, batch }: DataLoaderState): void {
    const fits =
      Number.isInteger(epoch) && epoch >= 0 && Number.isInteger(batch) && batch >= 0 && batch < this.batchesPerEpoch;
    if (!fits)
      throw new StateError(
        `DataLoader: the state is batch ${String(batch)} of epoch ${String(epoch)}, ` +
          `but an epoch has ${this.batchesPerEpoch} batches\n` +
          "  load it into a loader with the same dataset and batch size",
      );
    [this.#epoch, this.#batch] = [epoch, batch];
    this.#ahead.clear();
    this.#orders.clear();
  }
}
