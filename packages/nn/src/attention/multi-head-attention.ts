import {
  add,
  ArgumentError,
  attention,
  broadcastTo,
  dynamicUpdateSlice,
  expandDims,
  iota,
  lessEqual,
  Module,
  ones,
  reshape,
  ShapeError,
  transpose,
  zeros,
  type DType,
  type StateDict,
  type Tensor,
  type TensorLike,
} from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";
import { Dropout } from "../regularization/dropout.ts";
import type { Initializer } from "../initializers/basic.ts";
import { Linear } from "../layers/linear.ts";
import { alibiBias } from "../positions/alibi.ts";
import { rotary } from "../positions/rotary.ts";
import type { PyTorchLayout } from "../pytorch-state.ts";
import { streamOf, type RandomSource } from "../random-source.ts";
import { attendInBlocks } from "./attend-in-blocks.ts";
import type { AttendOptions, AttentionLayer } from "./attention-layer.ts";
import { projectionLayout } from "./projection-layout.ts";

/** From as many scores of a head on, blocks of queries are faster than all at once: 1,024 queries and keys. */
const scoresInBlocks = 1_024 ** 2;

export interface MultiHeadAttentionOptions {
  readonly heads: number;
  /**
   * The number of heads of keys and values. A group of query heads shares each. Default: as many as query heads.
   * Ainslie et al. 2023, arXiv:2305.13245.
   */
  readonly keyValueHeads?: number;
  /** "rotary" rotates queries and keys by their positions; "alibi" adds a bias by distance. Default: neither. */
  readonly positions?: "rotary" | "alibi";
  /** How slowly rotary positions rotate, as `base` of `rotary`; "theta" in other libraries. Default: 10,000. */
  readonly rotaryBase?: number;
  /** The probability of dropping an attention weight. Default: 0. */
  readonly dropout?: number;
  /** Whether the four projections add a bias. Default: true. */
  readonly bias?: boolean;
  readonly initializer?: Initializer;
  /** The initial weight of the output projection. Default: `initializer`. */
  readonly outputInitializer?: Initializer;
  readonly random?: RandomSource;
}

/** Makes the attention of a Transformer block. The options hold the heads, dropout and random stream of the block. */
export type AttentionFactory = (width: number, options: MultiHeadAttentionOptions) => AttentionLayer;

/** Keys and values of a sequence: the cache when text is written. */
export type KeyValue = {
  readonly key: Tensor; // [batch, key-value heads, time, features / heads]
  readonly value: Tensor; // [batch, key-value heads, time, features / heads]
};

/**
 * Multi-head attention, of a sequence to itself or to a context: each head computes softmax(q kᵀ / √d) v with its own
 * projections. Vaswani et al. 2017, arXiv:1706.03762.
 *
 * x and the result are [batch, time, width]; a context may have a different time. Long sequences are computed by
 * `attendInBlocks`, in memory that grows with the length, unless weights are dropped. For a batch of several lengths,
 * pass `mask: paddingMask(lengths, time)`.
 *
 * @throws ArgumentError if the heads do not divide the width, or the key-value heads do not divide the heads; and for a
 * base without rotary positions; ShapeError, later, for a sequence of another rank or width
 * @example new MultiHeadAttention(8, { heads: 2 }).forward(zeros([1, 3, 8])).shape  // [1, 3, 8]
 */
export class MultiHeadAttention extends Module implements AttentionLayer {
  readonly width: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly positions: "rotary" | "alibi" | undefined;
  readonly rotaryBase: number | undefined;
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  readonly dropout: Dropout;

  constructor(width: number, options: MultiHeadAttentionOptions) {
    super();
    const { heads, keyValueHeads = heads, positions, rotaryBase, bias = true } = options;
    const { initializer, outputInitializer = initializer } = options;
    if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0)
      throw new ArgumentError(
        `MultiHeadAttention: ${heads} heads do not divide a width of ${width}\n  use a whole number that does`,
      );
    if (!Number.isInteger(keyValueHeads) || keyValueHeads < 1 || heads % keyValueHeads !== 0)
      throw new ArgumentError(
        `MultiHeadAttention: ${keyValueHeads} key-value heads do not divide ${heads} heads\n` +
          `  use a whole number that does`,
      );
    if (rotaryBase !== undefined && positions !== "rotary")
      throw new ArgumentError(
        `MultiHeadAttention: rotaryBase is ${rotaryBase}, but there are no rotary positions\n` +
          `  use it with positions: "rotary"`,
      );
    const random = streamOf(options.random);
    const projection = (outputs: number, start: Initializer | undefined) =>
      new Linear(width, outputs, { bias, random, ...(start && { initializer: start }) });
    const shared = (width / heads) * keyValueHeads;
    this.width = width;
    this.heads = heads;
    this.keyValueHeads = keyValueHeads;
    this.positions = positions;
    this.rotaryBase = rotaryBase;
    this.query = projection(width, initializer);
    this.key = projection(shared, initializer);
    this.value = projection(shared, initializer);
    this.output = projection(width, outputInitializer);
    this.dropout = new Dropout(options.dropout ?? 0, { random });
  }

  forward(x: Tensor, options: AttendOptions & { readonly context?: Tensor } = {}): Tensor {
    // [batch, time, width] -> the same
    const { context, ...attend } = options;
    // Within one sequence only distances count, wherever it begins.
    if (context === undefined) return this.attend(x, this.keyValue(x), { ...attend, position: 0 });
    return this.attend(x, this.keyValue(context), attend);
  }

  /** The keys and values of a sequence that begins at `position`. */
  keyValue(x: Tensor, position: TensorLike = 0): KeyValue {
    const key = this.#projected(this.key, x, this.keyValueHeads);
    return {
      key: this.#rotated(key, position),
      value: this.#projected(this.value, x, this.keyValueHeads),
    };
  }

  /** Attends from x, which begins at `position`, to given keys and values, which begin at 0. */
  attend(x: Tensor, { key, value }: KeyValue, options: AttendOptions): Tensor {
    const query = this.queries(x, options.position);
    return this.joined(this.mix(query, this.forEachHead(key), this.forEachHead(value), options));
  }

  /**
   * The new values of each head: query [batch, heads, queries, features], key and value
   * [batch, heads, keys, features] -> [batch, heads, queries, features]. An attention that mixes values in another way
   * overrides this.
   */
  protected mix(query: Tensor, key: Tensor, value: Tensor, options: AttendOptions): Tensor {
    const drops = this.training && this.dropout.probability > 0;
    if (!drops && query.shape[2]! * key.shape[2]! >= scoresInBlocks)
      return this.mixInBlocks(query, key, value, options);
    const { position = 0, bias: given, ...attend } = options;
    const distance =
      this.positions === "alibi"
        ? alibiBias(this.heads, key.shape[2]!, { queries: query.shape[2]!, position, dtype: key.dtype })
        : undefined;
    const bias = distance === undefined ? given : given === undefined ? distance : add(distance, given);
    return attention(query, key, value, {
      ...attend,
      ...(bias !== undefined && { bias }),
      transformWeights: (weights) => this.dropout.forward(weights),
    });
  }

  /** The same as `mix` in blocks of queries, so that memory grows with the length. */
  protected mixInBlocks(query: Tensor, key: Tensor, value: Tensor, options: AttendOptions, block?: number): Tensor {
    const { position = 0, ...attend } = options;
    const drops = this.training && this.dropout.probability > 0;
    const biasOf = (first: Tensor, queries: number, keys: number): Tensor =>
      alibiBias(this.heads, keys, { queries, position: add(first, position), dtype: key.dtype });
    const factorsOf = (queries: number, keys: number): Tensor =>
      this.dropout.forward(ones([...key.shape.slice(0, 2), queries, keys], { dtype: key.dtype }));
    return attendInBlocks(query, key, value, {
      ...attend,
      ...(block !== undefined && { block }),
      ...(this.positions === "alibi" && { biasOf }),
      ...(drops && { factorsOf }),
    });
  }

  /** The empty key-value cache for sequences of up to `length` positions. */
  begin(batch: number, length: number, dtype: DType): KeyValue {
    const features = this.width / this.heads;
    const empty = zeros([batch, this.keyValueHeads, length, features], { dtype });
    return { key: empty, value: empty };
  }

  /** One more position, which attends to itself and to all positions in the cache. */
  step(x: Tensor, position: Tensor, cache: KeyValue): readonly [Tensor, KeyValue] {
    // x [batch, 1, width]
    const latest = this.keyValue(x, position);
    const starts = [0, 0, position, 0];
    const next = {
      key: dynamicUpdateSlice(cache.key, latest.key, starts),
      value: dynamicUpdateSlice(cache.value, latest.value, starts),
    };
    const mask = lessEqual(iota(cache.key.shape[2]!), position); // the places that are filled  [length]
    return [this.attend(x, next, { mask, position }), next];
  }

  /** [batch, time, width] -> [batch, heads, time, features], rotated by their positions if these are rotary. */
  protected queries(x: Tensor, position: TensorLike = 0): Tensor {
    return this.#rotated(this.#projected(this.query, x, this.heads), position);
  }

  /** Keys or values, once for each query head. */
  protected forEachHead(x: Tensor): Tensor {
    if (this.keyValueHeads === this.heads) return x;
    const [batch, heads, time, features] = x.shape as [number, number, number, number];
    const group = [batch, heads, this.heads / heads, time, features];
    return reshape(broadcastTo(expandDims(x, 2), group), [batch, this.heads, time, features]);
  }

  /** [batch, heads, time, features] -> [batch, time, width], projected. */
  protected joined(mixed: Tensor): Tensor {
    const [batch, , time] = mixed.shape as [number, number, number];
    return this.output.forward(reshape(transpose(mixed, [0, 2, 1, 3]), [batch, time, this.width]));
  }

  /** [batch, time, width] -> [batch, heads, time, features] */
  #projected(projection: Linear, x: Tensor, heads: number): Tensor {
    if (x.rank !== 3 || x.shape[2] !== this.width)
      throw new ShapeError(
        `${this.constructor.name}: a sequence is ${showShape(x.shape)} but must be [batch, time, ${this.width}]\n` +
          "  for a single one, add a batch of 1 with expandDims(x, 0)",
      );
    const [batch, time] = x.shape as [number, number, number];
    return transpose(reshape(projection.forward(x), [batch, time, heads, this.width / this.heads]), [0, 2, 1, 3]);
  }

  #rotated(x: Tensor, position: TensorLike): Tensor {
    if (this.positions !== "rotary") return x;
    return rotary(x, { position, ...(this.rotaryBase !== undefined && { base: this.rotaryBase }) });
  }

  /** The entries of PyTorch's MultiheadAttention; with grouped queries, separate ones as in Hugging Face's models. */
  toPyTorch(state: StateDict): StateDict {
    return this.#layout().toPyTorch(state);
  }

  fromPyTorch(state: StateDict): StateDict {
    return this.#layout().fromPyTorch(state);
  }

  #layout(): PyTorchLayout {
    return projectionLayout(this.keyValueHeads !== this.heads);
  }
}
