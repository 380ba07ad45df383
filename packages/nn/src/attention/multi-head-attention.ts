import {
  add,
  ArgumentError,
  attention,
  broadcastTo,
  expandDims,
  Module,
  reshape,
  transpose,
  type StateDict,
  type Tensor,
  type TensorData,
  type TensorLike,
} from "@ansatz/core";
import { Dropout } from "../regularization/dropout.ts";
import type { Initializer } from "../initializers/basic.ts";
import { Linear } from "../layers/linear.ts";
import { alibiBias } from "../positions/alibi.ts";
import { rotary } from "../positions/rotary.ts";
import { renamed } from "../pytorch-state.ts";
import { streamOf, type RandomSource } from "../random-source.ts";

export interface MultiHeadAttentionOptions {
  readonly heads: number;
  /**
   * How many heads keys and values have, each shared by a group of query heads; as many as queries unless given.
   * Ainslie et al. 2023, arXiv:2305.13245.
   */
  readonly keyValueHeads?: number;
  /**
   * How positions come in: by turning queries and keys, or by a bias that grows with the distance. Not at all unless
   * given.
   */
  readonly positions?: "rotary" | "alibi";
  /** Of the attention weights. */
  readonly dropout?: number;
  readonly initializer?: Initializer;
  /** The initial weight of the output projection, where it differs. */
  readonly outputInitializer?: Initializer;
  readonly random?: RandomSource;
}

/** What a query may look at, and what more the scores are made of. */
export interface AttendOptions {
  /** No position looks ahead. */
  readonly causal?: boolean;
  /** True where a query may look at a key; broadcasts to [batch, heads, queries, keys]. */
  readonly mask?: TensorLike;
  /** Added to the scores; broadcasts likewise. */
  readonly bias?: TensorLike;
  /** The place of the first query, where queries are turned by their positions; 0 unless given. */
  readonly position?: TensorLike;
}

/** Keys and values that were computed before, for generation. */
export type KeyValue = {
  readonly key: Tensor; // [batch, key-value heads, time, features / heads]
  readonly value: Tensor; // [batch, key-value heads, time, features / heads]
};

const output = renamed(["output.", "out_proj."]);
const projections = ["query", "key", "value"] as const;

/**
 * Multi-head attention, of a sequence to itself or to a context: each head is softmax(q kᵀ / √d) v of projections of
 * its own. Vaswani et al. 2017, arXiv:1706.03762.
 *
 * x [batch, time, width], and so the result; a context has a time of its own. With keys of several lengths,
 * `paddingMask` tells which count.
 *
 * @throws ArgumentError when the heads do not divide the width, or the key-value heads the heads
 * @example new MultiHeadAttention(8, { heads: 2 }).forward(zeros([1, 3, 8])).shape  // [1, 3, 8]
 */
export class MultiHeadAttention extends Module {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly positions: "rotary" | "alibi" | undefined;
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  readonly dropout: Dropout;

  constructor(width: number, options: MultiHeadAttentionOptions) {
    super();
    const { heads, keyValueHeads = heads, initializer, outputInitializer = initializer } = options;
    if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0)
      throw new ArgumentError(`MultiHeadAttention: ${heads} heads do not divide a width of ${width}`);
    if (!Number.isInteger(keyValueHeads) || keyValueHeads < 1 || heads % keyValueHeads !== 0)
      throw new ArgumentError(`MultiHeadAttention: ${keyValueHeads} key-value heads do not divide ${heads} heads`);
    const random = streamOf(options.random);
    const projection = (outputs: number, start: Initializer | undefined) =>
      new Linear(width, outputs, { random, ...(start && { initializer: start }) });
    const shared = (width / heads) * keyValueHeads;
    this.heads = heads;
    this.keyValueHeads = keyValueHeads;
    this.positions = options.positions;
    this.query = projection(width, initializer);
    this.key = projection(shared, initializer);
    this.value = projection(shared, initializer);
    this.output = projection(width, outputInitializer);
    this.dropout = new Dropout(options.dropout ?? 0, { random });
  }

  forward(x: Tensor, options: AttendOptions & { readonly context?: Tensor } = {}): Tensor {
    // [batch, time, width] -> the same
    const { context, ...attend } = options;
    return this.attend(x, this.keyValue(context ?? x), attend);
  }

  /** The keys and values of a sequence, whose first place is `position`. */
  keyValue(x: Tensor, position: TensorLike = 0): KeyValue {
    const key = this.#split(this.key.forward(x), this.keyValueHeads);
    return {
      key: this.positions === "rotary" ? rotary(key, { position }) : key,
      value: this.#split(this.value.forward(x), this.keyValueHeads),
    };
  }

  /** Attends from x to given keys and values. */
  attend(x: Tensor, { key, value }: KeyValue, { position = 0, bias: given, ...options }: AttendOptions): Tensor {
    const straight = this.#split(this.query.forward(x), this.heads); // [batch, heads, time, features]
    const query = this.positions === "rotary" ? rotary(straight, { position }) : straight;
    const distance = this.positions === "alibi" ? alibiBias(this.heads, key.shape[2]!) : undefined;
    const bias = distance === undefined ? given : given === undefined ? distance : add(distance, given);
    const mixed = attention(query, this.#shared(key), this.#shared(value), {
      ...options,
      ...(bias !== undefined && { bias }),
      transformWeights: (weights) => this.dropout.forward(weights),
    });
    return this.output.forward(reshape(transpose(mixed, [0, 2, 1, 3]), x.shape));
  }

  #split(x: Tensor, heads: number): Tensor {
    const [batch, time, width] = x.shape as [number, number, number];
    return transpose(reshape(x, [batch, time, heads, width / heads]), [0, 2, 1, 3]);
  }

  /** Keys or values, once for each query head. */
  #shared(x: Tensor): Tensor {
    if (this.keyValueHeads === this.heads) return x;
    const [batch, heads, time, features] = x.shape as [number, number, number, number];
    return reshape(broadcastTo(expandDims(x, 2), [batch, heads, this.heads / heads, time, features]), [
      batch,
      this.heads,
      time,
      features,
    ]);
  }

  /** PyTorch stacks the three projections. */
  toPyTorch(state: StateDict): StateDict {
    const stacked = (part: "weight" | "bias"): TensorData =>
      joined(projections.map((name) => state[`${name}.${part}`]!));
    const rest = Object.fromEntries(
      Object.entries(state).filter(([name]) => !projections.some((own) => name.startsWith(`${own}.`))),
    );
    return { in_proj_weight: stacked("weight"), in_proj_bias: stacked("bias"), ...output.toPyTorch(rest) };
  }

  fromPyTorch(state: StateDict): StateDict {
    const { in_proj_weight: weight, in_proj_bias: bias, ...rest } = state;
    if (weight === undefined || bias === undefined) return output.fromPyTorch(state);
    const [weights, biases] = [thirds(weight), thirds(bias)];
    return {
      ...Object.fromEntries(
        projections.flatMap((name, i) => [
          [`${name}.weight`, weights[i]!],
          [`${name}.bias`, biases[i]!],
        ]),
      ),
      ...output.fromPyTorch(rest),
    };
  }
}

/** Entries one below the other. */
function joined(parts: readonly TensorData[]): TensorData {
  const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  return {
    shape: [rows, ...parts[0]!.shape.slice(1)],
    dtype: "float32",
    data: Float32Array.from(parts.flatMap(({ data }) => [...data])),
  };
}

function thirds({ shape, dtype, data }: TensorData): TensorData[] {
  const size = data.length / 3;
  return [0, 1, 2].map((i) => ({
    shape: [shape[0]! / 3, ...shape.slice(1)],
    dtype,
    data: data.slice(i * size, (i + 1) * size),
  }));
}
