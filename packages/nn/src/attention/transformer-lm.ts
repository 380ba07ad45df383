import { ArgumentError, gather, Module, reshape, ShapeError, type Tensor } from "@ansatz/core";
import { showShape, type Tree } from "@ansatz/core/plugin";
import { chosen } from "../chosen.ts";
import type { LanguageModel } from "../generation/language-model.ts";
import { Dropout } from "../regularization/dropout.ts";
import { Embedding } from "../layers/embedding.ts";
import { normalInitializer, zerosInitializer, type Initializer } from "../initializers/basic.ts";
import { Linear } from "../layers/linear.ts";
import { normalizationOf } from "../normalization/normalization.ts";
import { LearnedPositions } from "../positions/learned-positions.ts";
import type { PositionFactory, PositionLayer } from "../positions/position-layer.ts";
import { SinusoidalPositions } from "../positions/sinusoidal.ts";
import { streamOf } from "../random-source.ts";
import type { UnaryLayer } from "../layers/unary-layer.ts";
import type { AttentionFactory } from "./multi-head-attention.ts";
import { TransformerBlock, type TransformerBlockOptions } from "./transformer-block.ts";

/** One for all blocks, or a list of which block i takes the one at i modulo its length. */
type InTurn<Part> = Part | readonly Part[];

export interface TransformerLMOptions extends Omit<
  TransformerBlockOptions,
  "attention" | "feedForward" | "positions" | "cross" | "hiddenDropout" | "initializer" | "residualInitializer"
> {
  readonly vocabularySize: number;
  readonly width: number;
  readonly layers: number;
  /** The longest sequence, in tokens. */
  readonly context: number;
  /**
   * "learned" as in GPT-2, "sinusoidal", "rotary", "alibi", or a factory of a layer that is applied to the embeddings.
   * "none" is for layers that know the order themselves, such as recurrent ones; causal attention learns it, too (Haviv
   * et al. 2022, arXiv:2203.16634). Default: "learned".
   */
  readonly positions?: "learned" | "sinusoidal" | "rotary" | "alibi" | "none" | PositionFactory;
  /** The attention of every block as in `TransformerBlock`, or a list that the blocks take in turn. */
  readonly attention?: InTurn<AttentionFactory>;
  /** The feed-forward layer of every block as in `TransformerBlock`, or a list that the blocks take in turn. */
  readonly feedForward?: InTurn<NonNullable<TransformerBlockOptions["feedForward"]>>;
  /** The probability of dropping a feature inside the feed-forward layers. Default: 0, as in GPT-2. */
  readonly hiddenDropout?: number;
  /** Whether the output projection is the embedding matrix. Default: false. Press & Wolf 2016, arXiv:1608.05859. */
  readonly tiedEmbeddings?: boolean;
}

/** The layer that is applied to the embeddings, if there is one. */
const positionLayers: Readonly<Record<string, PositionFactory | null>> = {
  learned: (width, options) => new LearnedPositions(width, options),
  sinusoidal: () => new SinusoidalPositions(),
  rotary: null, // inside the attention
  alibi: null,
  none: null,
};

/** What block i takes of a slot, as an option of the block. */
function takenBy<Slot extends string, Part>(i: number, slot: Slot, given: InTurn<Part> | undefined) {
  if (given === undefined) return {};
  const list = (Array.isArray(given) ? given : [given]) as readonly Part[];
  if (list.length === 0) throw new ArgumentError(`TransformerLM: the list of ${slot} is empty\n  name one or more`);
  return { [slot]: list[i % list.length]! } as Record<Slot, Part>;
}

/** Normal weights, zero biases: a bias has one axis. */
function weightsNormal(std: number): Initializer {
  const weights = normalInitializer(std);
  return (key, shape) => (shape.length > 1 ? weights : zerosInitializer)(key, shape);
}

/**
 * A Transformer language model: the scores of the next token at each position. The defaults are GPT-2's, Radford et al.
 * 2019: learned positions, pre-norm blocks, weights N(0, 0.02²), and projections onto the residual stream divided by
 * √(2 · layers). GPT-2 also ties its embeddings, and approximates `gelu` by tanh.
 *
 * Each part can be replaced: `attention`, `feedForward`, `normalization` and `positions` take factories, and the last
 * three also names. `attention` and `feedForward` also take lists, for example of windows in every other block. Spread
 * the preset `llama` into the options for LLaMA's parts.
 *
 * @throws ArgumentError for sizes that aren't whole numbers, names of parts that do not exist, and empty lists
 * @example const model = new TransformerLM({ vocabularySize: 5, width: 8, layers: 1, heads: 2, context: 4 });
 * model.forward(zeros([1, 3], { dtype: "int32" })).shape // [1, 3, 5]
 */
export class TransformerLM extends Module implements LanguageModel {
  readonly vocabularySize: number;
  readonly context: number;
  readonly tokens: Embedding;
  readonly positions: PositionLayer | undefined;
  readonly dropout: Dropout;
  readonly blocks: readonly TransformerBlock[];
  readonly norm: UnaryLayer;
  readonly head: Linear; // with the weight of `tokens` if they are tied

  constructor(options: TransformerLMOptions) {
    super();
    const { vocabularySize, width, layers, context, positions = "learned", tiedEmbeddings = false } = options;
    const { heads, dropout = 0, hiddenDropout = 0 } = options;
    for (const [name, value] of Object.entries({ vocabularySize, width, layers, heads, context })) {
      if (!Number.isInteger(value) || value < 1)
        throw new ArgumentError(`TransformerLM: ${name} is ${String(value)}\n  use a whole number, 1 or more`);
    }
    const random = streamOf(options.random);
    const initializer = weightsNormal(0.02);
    const residualInitializer = weightsNormal(0.02 / Math.sqrt(2 * layers));
    const { positions: _positions, attention, feedForward, ...parts } = options;
    const inAttention = positions === "rotary" || positions === "alibi" ? { positions } : {};
    this.vocabularySize = vocabularySize;
    this.context = context;
    this.tokens = new Embedding(vocabularySize, width, { random, initializer });
    const place = typeof positions === "function" ? positions : chosen("positions", positions, positionLayers);
    this.positions = place === null ? undefined : place(width, { context, initializer, random });
    this.dropout = new Dropout(dropout, { random });
    this.blocks = Array.from(
      { length: layers },
      (_, i) =>
        new TransformerBlock(width, {
          ...parts,
          ...takenBy(i, "attention", attention),
          ...takenBy(i, "feedForward", feedForward),
          ...inAttention,
          hiddenDropout,
          initializer,
          residualInitializer,
          random,
        }),
    );
    this.norm = normalizationOf(width, options);
    const shared = tiedEmbeddings ? { weight: this.tokens.weight } : { initializer };
    this.head = new Linear(width, vocabularySize, { bias: false, random, ...shared });
  }

  forward(tokens: Tensor): Tensor {
    // [batch, time] of int32 -> [batch, time, vocabulary]
    if (tokens.rank !== 2 || tokens.shape[1]! > this.context) {
      throw new ShapeError(
        `TransformerLM: the tokens are ${showShape(tokens.shape)} but must be [batch, time], ` +
          `with a time of at most ${this.context}`,
      );
    }
    const embedded = this.tokens.forward(tokens);
    const placed = this.positions === undefined ? embedded : this.positions.forward(embedded);
    const x = this.blocks.reduce((h, block) => block.forward(h), this.dropout.forward(placed));
    return this.head.forward(this.norm.forward(x));
  }

  /** The empty cache for `step`; undefined if the attention has none. */
  begin(batch: number): readonly Tree[] | undefined {
    const caches = this.blocks.flatMap((block) => block.begin(batch, this.context, this.tokens.weight.dtype) ?? []);
    return caches.length === this.blocks.length ? caches : undefined;
  }

  /** The scores after one more token, with the tokens before it in a cache. `position` is a 0-d int32. */
  step(tokens: Tensor, position: Tensor, cache: readonly Tree[]): readonly [Tensor, readonly Tree[]] {
    // [batch] -> [batch, vocabulary]
    const [batch] = tokens.shape as [number];
    const embedded = reshape(gather(this.tokens.weight, tokens), [batch, 1, -1]);
    let x = this.positions === undefined ? embedded : this.positions.forward(embedded, position);
    const next: Tree[] = [];
    for (const [i, block] of this.blocks.entries()) {
      const [y, grown] = block.step(x, position, cache[i]!);
      x = y;
      next.push(grown);
    }
    return [reshape(this.head.forward(this.norm.forward(x)), [batch, this.vocabularySize]), next];
  }
}
