import {
  ArgumentError,
  tensor,
  type DType,
  type RandomKey,
  type Shape,
  type Tensor,
  type TypedArray,
} from "@ansatz/core";
import { sizeOf } from "@ansatz/core/plugin";

/** Examples that are given out in batches. */
export interface Dataset<Batch> {
  readonly length: number;
  /**
   * The examples at some places as one batch. What is random about it, such as augmentation, depends on the key alone.
   */
  batch(places: Int32Array, key: RandomKey): Batch | Promise<Batch>;
  /** How long an example is, where they differ: for batches of examples of one length. */
  lengthOf?(place: number): number;
}

/** A value for each example, one after the other: `shape` is that of one example. */
export interface Column {
  readonly data: TypedArray;
  readonly shape?: Shape;
  /** The dtype of the batch; that of the array unless given. Bytes become float32 or int32 so. */
  readonly dtype?: DType;
  /** What float values are multiplied by; 1 unless given. */
  readonly scale?: number;
}

/**
 * Examples with a value in each of several columns: a batch is a record of tensors [batch, ...shape].
 *
 * @throws ArgumentError when columns differ in length
 * @example const examples = new Columns({ x: { data: Float32Array.of(1, 2, 3) }, label: { data: Int32Array.of(0, 1, 0) } });
 * examples.batch(Int32Array.of(2, 0)).x // [3, 1]
 */
export class Columns<Name extends string> implements Dataset<Readonly<Record<Name, Tensor>>> {
  readonly length: number;
  readonly columns: Readonly<Record<Name, Column>>;

  constructor(columns: Readonly<Record<Name, Column>>) {
    const counts = Object.entries<Column>(columns).map(
      ([name, { data, shape = [] }]) => [name, data.length / sizeOf(shape)] as const,
    );
    const [first] = counts;
    if (first === undefined || counts.some(([, count]) => count !== first[1] || !Number.isInteger(count))) {
      throw new ArgumentError(
        `Columns: the columns differ in length\n  ${counts.map(([name, count]) => `${name}: ${count} examples`).join("\n  ")}`,
      );
    }
    this.columns = columns;
    this.length = first[1];
  }

  batch(places: Int32Array): Readonly<Record<Name, Tensor>> {
    const batch = Object.entries<Column>(this.columns).map(([name, column]) => [name, rowsOf(column, places)] as const);
    return Object.fromEntries(batch) as Record<Name, Tensor>;
  }
}

function rowsOf({ data, shape = [], dtype, scale = 1 }: Column, places: Int32Array): Tensor {
  const size = sizeOf(shape);
  const wanted = { shape: [places.length, ...shape], ...(dtype !== undefined && { dtype }) };
  if (dtype === "float32" && scale !== 1) {
    const scaled = new Float32Array(places.length * size);
    for (const [i, place] of places.entries())
      for (let j = 0; j < size; j++) scaled[i * size + j] = data[place * size + j]! * scale;
    return tensor(scaled, { shape: wanted.shape });
  }
  const rows = new (data.constructor as new (length: number) => TypedArray)(places.length * size);
  for (const [i, place] of places.entries()) rows.set(data.subarray(place * size, (place + 1) * size), i * size);
  // Bytes are no dtype of their own here: they go over as numbers.
  return tensor(dtype !== undefined && rows instanceof Uint8Array ? Int32Array.from(rows) : rows, wanted);
}

/** Sequences of tokens, filled up to one length. */
export interface SequenceBatch {
  readonly tokens: Tensor; // [batch, time] of int32
  readonly lengths: Tensor; // [batch] of int32
}

export interface SequencesOptions {
  /** What is filled in behind a sequence; 0 unless given. */
  readonly padding?: number;
  /**
   * Batches are as long as their longest sequence, rounded up to a multiple of this: fewer lengths, fewer programs. 1
   * unless given.
   */
  readonly multiple?: number;
}

/**
 * Sequences of several lengths: a batch holds them padded, and their lengths.
 *
 * @example new Sequences([Int32Array.of(1, 2), Int32Array.of(3)], { padding: 9 }).batch(Int32Array.of(0, 1)).tokens  // [[1, 2], [3, 9]]
 */
export class Sequences implements Dataset<SequenceBatch> {
  readonly sequences: readonly Int32Array[];
  readonly options: Required<SequencesOptions>;

  constructor(sequences: readonly Int32Array[], { padding = 0, multiple = 1 }: SequencesOptions = {}) {
    if (!Number.isInteger(multiple) || multiple < 1)
      throw new ArgumentError(`Sequences: the multiple is ${multiple}\n  use a whole number, 1 or more`);
    this.sequences = sequences;
    this.options = { padding, multiple };
  }

  get length(): number {
    return this.sequences.length;
  }

  lengthOf(place: number): number {
    return this.sequences[place]!.length;
  }

  batch(places: Int32Array): SequenceBatch {
    const { padding, multiple } = this.options;
    const lengths = places.map((place) => this.lengthOf(place));
    const time = Math.ceil(Math.max(1, ...lengths) / multiple) * multiple;
    const tokens = new Int32Array(places.length * time).fill(padding);
    for (const [i, place] of places.entries()) tokens.set(this.sequences[place]!, i * time);
    return { tokens: tensor(tokens, { shape: [places.length, time] }), lengths: tensor(lengths) };
  }
}

/**
 * A dataset whose batches are changed on their way, as augmentation does; the key differs from batch to batch.
 *
 * @example await mapped(new Columns({ x: { data: Float32Array.of(1, 2) } }), ({ x }) => x.mul(10)).batch(Int32Array.of(1), key(0))  // [20]
 */
export function mapped<Batch, Changed>(
  dataset: Dataset<Batch>,
  change: (batch: Batch, key: RandomKey) => Changed | Promise<Changed>,
): Dataset<Changed> {
  return {
    length: dataset.length,
    batch: async (places, key) => change(await dataset.batch(places, key.fold(0)), key.fold(1)),
    ...(dataset.lengthOf && { lengthOf: (place: number) => dataset.lengthOf!(place) }),
  };
}

/**
 * A stretch of a dataset: `length` examples from place `from` on.
 *
 * @throws ArgumentError when the dataset has no such stretch
 * @example subset(new Columns({ x: { data: Float32Array.of(1, 2, 3) } }), 1, 2).batch(Int32Array.of(1), key(0))  // { x: [3] }
 */
export function subset<Batch>(dataset: Dataset<Batch>, from: number, length: number): Dataset<Batch> {
  const whole = Number.isInteger(from) && Number.isInteger(length);
  if (!whole || from < 0 || length < 0 || from + length > dataset.length)
    throw new ArgumentError(
      `subset: ${length} examples from ${from} on, of ${dataset.length}\n  use a stretch within them`,
    );
  return {
    length,
    batch: (places, key) =>
      dataset.batch(
        places.map((place) => from + place),
        key,
      ),
    ...(dataset.lengthOf && { lengthOf: (place: number) => dataset.lengthOf!(from + place) }),
  };
}
