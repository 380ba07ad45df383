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

/** Examples that can be read in batches. */
export interface Dataset<Batch> {
  readonly length: number;
  /** The examples at some places as one batch. Randomness, e.g. of augmentation, depends on the key alone. */
  batch(places: Int32Array, key: RandomKey): Batch | Promise<Batch>;
  /** The length of an example, if lengths differ: for batches of examples with similar lengths. */
  lengthOf?(place: number): number;
}

/** The values of all examples, one after the other; `shape` is that of one example. */
export interface Column {
  readonly data: TypedArray;
  readonly shape?: Shape;
  /** The dtype of the batch. Default: the dtype of the array. With it, bytes become float32 or int32. */
  readonly dtype?: DType;
  /** A factor for float values. Default: 1. */
  readonly scale?: number;
}

/**
 * Examples with a value in each of several columns. A batch is a record of tensors [batch, ...shape].
 *
 * @throws ArgumentError if columns differ in length
 * @example const [data, labels] = [Float32Array.of(1, 2, 3), Int32Array.of(0, 1, 0)];
 * const examples = new Columns({ x: { data }, label: { data: labels } });
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
        `Columns: the columns differ in length\n` +
          `  ${counts.map(([name, count]) => `${name}: ${count} examples`).join("\n  ")}`,
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
  // There is no dtype for bytes, so they become numbers.
  return tensor(dtype !== undefined && rows instanceof Uint8Array ? Int32Array.from(rows) : rows, wanted);
}

/** Sequences of tokens, padded to one length. */
export interface SequenceBatch {
  readonly tokens: Tensor; // [batch, time] of int32
  readonly lengths: Tensor; // [batch] of int32
}

export interface SequencesOptions {
  /** The padding after a sequence. Default: 0. */
  readonly padding?: number;
  /**
   * The length of a batch is that of its longest sequence, rounded up to a multiple of this, so that fewer programs are
   * compiled. Default: 1.
   */
  readonly multiple?: number;
}

/**
 * Sequences with different lengths. A batch holds the padded sequences and their lengths.
 * @example const sequences = new Sequences([Int32Array.of(1, 2), Int32Array.of(3)], { padding: 9 });
 * sequences.batch(Int32Array.of(0, 1)).tokens // [[1, 2], [3, 9]]
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
 * A dataset with a function applied to its batches, e.g. augmentation. The key differs from batch to batch.
 * @example const numbers = new Columns({ x: { data: Float32Array.of(1, 2) } });
 * await mapped(numbers, ({ x }) => x.mul(10)).batch(Int32Array.of(1), key(0)) // [20]
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
 * A part of a dataset: `length` examples, starting at place `from`.
 *
 * @throws ArgumentError if the dataset does not contain that part
 * @example const numbers = new Columns({ x: { data: Float32Array.of(1, 2, 3) } });
 * subset(numbers, 1, 2).batch(Int32Array.of(1), key(0)) // { x: [3] }
 */
export function subset<Batch>(dataset: Dataset<Batch>, from: number, length: number): Dataset<Batch> {
  const whole = Number.isInteger(from) && Number.isInteger(length);
  if (!whole || from < 0 || length < 0 || from + length > dataset.length)
    throw new ArgumentError(
      `subset: ${length} examples from place ${from}, of ${dataset.length}\n  choose a part within the dataset`,
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
