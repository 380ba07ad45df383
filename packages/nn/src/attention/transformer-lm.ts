import {
  add,
  ArgumentError,
  dynamicSlice,
  gather,
  iota,
  lessEqual,
  matmul,
  Module,
  reshape,
  ShapeError,
  slice,
  transpose,
  zeros,
  type Tensor,
} from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";
import { Dropout } from "../regularization/dropout.ts";
import { Embedding } from "../layers/embedding.ts";
import { normalInitializer, zerosInitializer, type Initializer } from "../initializers/basic.ts";
import { LayerNorm } from "../normalization/layer-norm.ts";
import { Linear } from "../layers/linear.ts";
import type { KeyValue } from "./multi-head-attention.ts";
import { sinusoidalPositions } from "../positions/sinusoidal.ts";
import { streamOf, type RandomSource } from "../random-source.ts";
import { TransformerBlock } from "./transformer-block.ts";

export interface TransformerLMOptions {
  readonly vocabularySize: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** The longest sequence, in tokens. */
  readonly context: number;
  readonly dropout?: number;
  /** "learned" unless given, as GPT-2's; or added sinusoids, turned queries and keys, or a bias by distance. */
  readonly positions?: "learned" | "sinusoidal" | "rotary" | "alibi";
  /** Whether blocks normalise what they read ("pre", unless given) or what they have added up ("post"). */
  readonly norm?: "pre" | "post";
  /** How many heads keys and values have; as many as queries unless given. */
  readonly keyValueHeads?: number;
  /** Whether the scores are products with the embeddings themselves. Press & Wolf 2016, arXiv:1608.05859. */
  readonly tiedEmbeddings?: boolean;
  readonly random?: RandomSource;
}

/** Weights normal, biases zero: a bias has one axis. */
function weightsNormal(std: number): Initializer {
  const weights = normalInitializer(std);
  return (key, shape) => (shape.length > 1 ? weights : zerosInitializer)(key, shape);
}

/**
 * A Transformer language model: the scores of the next token at each position. Radford et al. 2019 (GPT-2): learned
 * positions and pre-norm blocks unless told otherwise, weights N(0, 0.02²) with the projections onto the residual
 * stream divided by √(2 · layers).
 *
 * @throws ArgumentError for sizes that are no whole numbers
 * @example new TransformerLM({ vocabularySize: 5, width: 8, layers: 1, heads: 2, context: 4 }).forward(zeros([1, 3], { dtype: "int32" })).shape  // [1, 3, 5]
 */
export class TransformerLM extends Module {
  readonly options: TransformerLMOptions;
  readonly tokens: Embedding;
  readonly positions: Embedding | undefined;
  readonly dropout: Dropout;
  readonly blocks: readonly TransformerBlock[];
  readonly norm: LayerNorm;
  readonly head: Linear | undefined;

  constructor(options: TransformerLMOptions) {
    super();
    const {
      vocabularySize,
      width,
      layers,
      heads,
      context,
      dropout = 0,
      positions = "learned",
      norm,
      keyValueHeads,
      tiedEmbeddings = false,
    } = options;
    for (const [name, value] of Object.entries({ vocabularySize, width, layers, heads, context })) {
      if (!Number.isInteger(value) || value < 1)
        throw new ArgumentError(`TransformerLM: ${name} is ${String(value)}\n  use a whole number, 1 or more`);
    }
    const random = streamOf(options.random);
    const initializer = weightsNormal(0.02);
    const residualInitializer = weightsNormal(0.02 / Math.sqrt(2 * layers));
    this.options = options;
    this.tokens = new Embedding(vocabularySize, width, { random, initializer });
    this.positions = positions === "learned" ? new Embedding(context, width, { random, initializer }) : undefined;
    this.dropout = new Dropout(dropout, { random });
    const inside = positions === "rotary" || positions === "alibi" ? { positions } : {};
    const variant = { ...inside, ...(norm && { norm }), ...(keyValueHeads !== undefined && { keyValueHeads }) };
    this.blocks = Array.from(
      { length: layers },
      () => new TransformerBlock(width, { heads, dropout, initializer, residualInitializer, random, ...variant }),
    );
    this.norm = new LayerNorm(width);
    this.head = tiedEmbeddings ? undefined : new Linear(width, vocabularySize, { bias: false, initializer, random });
  }

  forward(tokens: Tensor): Tensor {
    // [batch, time] of int32 -> [batch, time, vocabulary]
    const [, time] = tokens.shape;
    if (tokens.rank !== 2 || time! > this.options.context) {
      throw new ShapeError(
        `TransformerLM: the tokens are ${showShape(tokens.shape)} but must be [batch, time] with at most ${this.options.context} of time`,
      );
    }
    const embedded = this.#placed(this.tokens.forward(tokens), time!);
    const x = this.blocks.reduce((h, block) => block.forward(h), this.dropout.forward(embedded));
    return this.#scores(this.norm.forward(x));
  }

  #placed(embedded: Tensor, time: number): Tensor {
    if (this.positions !== undefined) return add(embedded, slice(this.positions.weight.read(), [[0, time]]));
    return this.options.positions === "sinusoidal"
      ? add(embedded, sinusoidalPositions(time, this.options.width))
      : embedded;
  }

  /** The embedding of one token each, at a place known when it runs. */
  #placedAt(embedded: Tensor, position: Tensor): Tensor {
    const { width } = this.options;
    if (this.positions !== undefined)
      return add(embedded, dynamicSlice(this.positions.weight, [position, 0], [1, width]));
    return this.options.positions === "sinusoidal"
      ? add(embedded, sinusoidalPositions(1, width, { position }))
      : embedded;
  }

  #scores(x: Tensor): Tensor {
    return this.head === undefined ? matmul(x, transpose(this.tokens.weight)) : this.head.forward(x);
  }

  /** An empty cache for `step`. */
  emptyCache(batch: number): KeyValue[] {
    const { heads, width, context, keyValueHeads = heads } = this.options;
    const empty = zeros([batch, keyValueHeads, context, width / heads]);
    return this.blocks.map(() => ({ key: empty, value: empty }));
  }

  /** The scores after one more token, with what came before in a cache of fixed length. `position` is a 0-d int32. */
  step(tokens: Tensor, position: Tensor, cache: readonly KeyValue[]): readonly [Tensor, KeyValue[]] {
    // [batch] -> [batch, vocabulary]
    const batch = tokens.shape[0]!;
    const { width, context } = this.options;
    const seen = lessEqual(iota(context), position); // [context]
    let x = reshape(this.#placedAt(gather(this.tokens.weight, tokens), position), [batch, 1, width]);
    const next: KeyValue[] = [];
    for (const [i, block] of this.blocks.entries()) {
      const [y, keyValue] = block.step(x, cache[i]!, position, seen);
      x = y;
      next.push(keyValue);
    }
    return [reshape(this.#scores(this.norm.forward(x)), [batch, this.options.vocabularySize]), next];
  }
}
