import { add, ArgumentError, dynamicSlice, gather, iota, lessEqual, Module, reshape, ShapeError, showShape, slice, zeros, type Tensor } from "@ansatz/core";
import { Dropout } from "../regularization/dropout.ts";
import { Embedding } from "../layers/embedding.ts";
import { normalInitializer, zerosInitializer, type Initializer } from "../initializers/basic.ts";
import { LayerNorm } from "../normalization/layer-norm.ts";
import { Linear } from "../layers/linear.ts";
import type { KeyValue } from "./multi-head-attention.ts";
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
  readonly random?: RandomSource;
}

/** Weights normal, biases zero: a bias has one axis. */
function weightsNormal(std: number): Initializer {
  const weights = normalInitializer(std);
  return (key, shape) => (shape.length > 1 ? weights : zerosInitializer)(key, shape);
}

/**
 * A Transformer language model: the scores of the next token at each position. Radford et al. 2019 (GPT-2): learned positions, pre-norm
 * blocks, weights N(0, 0.02²) with the projections onto the residual stream divided by √(2 · layers).
 *
 * @throws ArgumentError for sizes that are no whole numbers
 * @example new TransformerLM({ vocabularySize: 5, width: 8, layers: 1, heads: 2, context: 4 }).forward(zeros([1, 3], { dtype: "int32" })).shape  // [1, 3, 5]
 */
export class TransformerLM extends Module {
  readonly options: TransformerLMOptions;
  readonly tokens: Embedding;
  readonly positions: Embedding;
  readonly dropout: Dropout;
  readonly blocks: readonly TransformerBlock[];
  readonly norm: LayerNorm;
  readonly head: Linear;

  constructor(options: TransformerLMOptions) {
    super();
    const { vocabularySize, width, layers, heads, context, dropout = 0 } = options;
    for (const [name, value] of Object.entries({ vocabularySize, width, layers, heads, context })) {
      if (!Number.isInteger(value) || value < 1) throw new ArgumentError(`TransformerLM: ${name} is ${String(value)}\n  use a whole number, 1 or more`);
    }
    const random = streamOf(options.random);
    const initializer = weightsNormal(0.02);
    const residualInitializer = weightsNormal(0.02 / Math.sqrt(2 * layers));
    this.options = options;
    this.tokens = new Embedding(vocabularySize, width, { random, initializer });
    this.positions = new Embedding(context, width, { random, initializer });
    this.dropout = new Dropout(dropout, { random });
    this.blocks = Array.from({ length: layers }, () => new TransformerBlock(width, { heads, dropout, initializer, residualInitializer, random }));
    this.norm = new LayerNorm(width);
    this.head = new Linear(width, vocabularySize, { bias: false, initializer, random });
  }

  forward(tokens: Tensor): Tensor { // [batch, time] of int32 -> [batch, time, vocabulary]
    const [, time] = tokens.shape;
    if (tokens.rank !== 2 || time! > this.options.context) {
      throw new ShapeError(`TransformerLM: the tokens are ${showShape(tokens.shape)} but must be [batch, time] with at most ${this.options.context} of time`);
    }
    const embedded = add(this.tokens.forward(tokens), slice(this.positions.weight.read(), [[0, time!]]));
    const x = this.blocks.reduce((h, block) => block.forward(h), this.dropout.forward(embedded));
    return this.head.forward(this.norm.forward(x));
  }

  /** An empty cache for `step`. */
  emptyCache(batch: number): KeyValue[] {
    const { heads, width, context } = this.options;
    const empty = zeros([batch, heads, context, width / heads]);
    return this.blocks.map(() => ({ key: empty, value: empty }));
  }

  /** The scores after one more token, with what came before in a cache of fixed length. `position` is a 0-d int32. */
  step(tokens: Tensor, position: Tensor, cache: readonly KeyValue[]): readonly [Tensor, KeyValue[]] { // [batch] -> [batch, vocabulary]
    const batch = tokens.shape[0]!;
    const { width, context } = this.options;
    const place = dynamicSlice(this.positions.weight, [position, 0], [1, width]);
    const seen = lessEqual(iota(context), position); // [context]
    let x = reshape(add(gather(this.tokens.weight, tokens), place), [batch, 1, width]);
    const next: KeyValue[] = [];
    for (const [i, block] of this.blocks.entries()) {
      const [y, keyValue] = block.step(x, cache[i]!, position, seen);
      x = y;
      next.push(keyValue);
    }
    return [reshape(this.head.forward(this.norm.forward(x)), [batch, this.options.vocabularySize]), next];
  }
}
