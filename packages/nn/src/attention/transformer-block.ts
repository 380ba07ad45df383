import { add, ArgumentError, Module, type DType, type StateDict, type Tensor, type TensorLike } from "@ansatz/core";
import type { Tree } from "@ansatz/core/plugin";
import { Dropout } from "../regularization/dropout.ts";
import { chosen } from "../chosen.ts";
import { FeedForward, type FeedForwardFactory } from "../layers/feed-forward.ts";
import { GatedFeedForward } from "../layers/gated-feed-forward.ts";
import type { UnaryLayer } from "../layers/unary-layer.ts";
import type { Initializer } from "../initializers/basic.ts";
import { normalizationOf, type Normalization } from "../normalization/normalization.ts";
import type { AttendOptions, AttentionLayer } from "./attention-layer.ts";
import { MultiHeadAttention, type AttentionFactory, type MultiHeadAttentionOptions } from "./multi-head-attention.ts";
import { made } from "../made.ts";
import { renamed } from "../pytorch-state.ts";
import { streamOf, type RandomSource } from "../random-source.ts";

export interface TransformerBlockOptions extends Pick<
  MultiHeadAttentionOptions,
  "heads" | "keyValueHeads" | "positions" | "rotaryBase"
> {
  /** Whether projections, the feed-forward layer and `LayerNorm` add biases. Default: true. */
  readonly bias?: boolean;
  /** The probability of dropping an attention weight, and a feature of what each part adds. Default: 0. */
  readonly dropout?: number;
  /** The probability of dropping a feature inside the feed-forward layer. Default: `dropout`, as in PyTorch. */
  readonly hiddenDropout?: number;
  /** The width inside the feed-forward layer. Default: the layer's own, for `FeedForward` four times the width. */
  readonly hidden?: number;
  /** The activation of the feed-forward layer. Default: the layer's own, for `FeedForward` `gelu`. */
  readonly activation?: (x: Tensor) => Tensor;
  /**
   * Normalize what each part reads ("pre"), or what it has added up ("post", as in the first paper). Default: "pre".
   */
  readonly norm?: "pre" | "post";
  /** Whether it also attends to the memory of an encoder. Default: false. */
  readonly cross?: boolean;
  /** Makes the layer that mixes positions. Default: `MultiHeadAttention`. Attention to memory is always that. */
  readonly attention?: AttentionFactory;
  /**
   * The layer that acts on each position alone: "plain" is `FeedForward`, "gated" is `GatedFeedForward`, a SwiGLU
   * unless `activation` is given; or a factory. Default: "plain".
   */
  readonly feedForward?: "plain" | "gated" | FeedForwardFactory;
  /** Each normalization: "layer" is `LayerNorm`, "rootMeanSquare" is `RMSNorm`; or a factory. Default: "layer". */
  readonly normalization?: Normalization;
  /** ε of each normalization. Default: the layer's own. */
  readonly epsilon?: number;
  readonly initializer?: Initializer;
  /** The initial weights of the two projections that add to the residual stream. Default: `initializer`. */
  readonly residualInitializer?: Initializer;
  readonly random?: RandomSource;
}

export interface TransformerBlockForwardOptions extends AttendOptions {
  /** The output of an encoder, [batch, time, width], for blocks with `cross`. */
  readonly memory?: Tensor;
  /** True where memory may be looked at. Broadcasts to [batch, heads, queries, keys]. */
  readonly memoryMask?: TensorLike;
}

const feedForwards: Readonly<Record<"plain" | "gated", FeedForwardFactory>> = {
  plain: (width, options) => new FeedForward(width, options),
  gated: (width, options) => new GatedFeedForward(width, options),
};

const encoderLayout = renamed(
  ["attention.", "self_attn."],
  ["attentionNorm.", "norm1."],
  ["feedForwardNorm.", "norm2."],
  ["feedForward.expand.", "linear1."],
  ["feedForward.contract.", "linear2."],
);
const decoderLayout = renamed(
  ["attention.", "self_attn."],
  ["attentionNorm.", "norm1."],
  ["crossAttention.", "multihead_attn."],
  ["crossNorm.", "norm2."],
  ["feedForwardNorm.", "norm3."],
  ["feedForward.expand.", "linear1."],
  ["feedForward.contract.", "linear2."],
);

/** Where the normalizations are. */
const orders = { pre: "pre", post: "post" } as const;

/**
 * A Transformer block: attention and a feed-forward layer, each added to its input. Vaswani et al. 2017,
 * arXiv:1706.03762. With normalization first, x + attention(norm(x)), then x + feedForward(norm(x)): Xiong et al. 2020,
 * arXiv:2002.04745.
 *
 * x and the result are [batch, time, width]. No position looks ahead unless `causal` is false. With `cross` it is the
 * block of a decoder.
 *
 * @throws ArgumentError for an unknown `norm`; for a slot that is not a factory of layers; if memory is missing, or
 * given to a block without `cross`
 * @example new TransformerBlock(8, { heads: 2 }).forward(zeros([1, 3, 8])).shape  // [1, 3, 8]
 */
export class TransformerBlock extends Module {
  readonly attentionNorm: UnaryLayer;
  readonly attention: AttentionLayer;
  readonly crossNorm: UnaryLayer | undefined;
  readonly crossAttention: MultiHeadAttention | undefined;
  readonly feedForwardNorm: UnaryLayer;
  readonly feedForward: UnaryLayer;
  readonly attentionDropout: Dropout;
  readonly feedForwardDropout: Dropout;
  readonly crossDropout: Dropout | undefined;
  readonly norm: "pre" | "post";

  constructor(width: number, options: TransformerBlockOptions) {
    super();
    const { heads, keyValueHeads, positions, rotaryBase, bias, dropout = 0, hidden, activation } = options;
    const { initializer, residualInitializer = initializer, hiddenDropout = dropout } = options;
    const { attention = (features, own) => new MultiHeadAttention(features, own), feedForward = "plain" } = options;
    const random = streamOf(options.random);
    const shared = {
      random,
      ...(bias !== undefined && { bias }),
      ...(initializer && { initializer }),
      ...(residualInitializer && { outputInitializer: residualInitializer }),
    };
    const heading = { heads, dropout, ...(keyValueHeads !== undefined && { keyValueHeads }), ...shared };
    this.norm = chosen("norm", options.norm ?? "pre", orders);
    this.attentionNorm = normalizationOf(width, options);
    this.attention = made("attention", attention, width, {
      ...heading,
      ...(positions && { positions }),
      ...(rotaryBase !== undefined && { rotaryBase }),
    });
    this.attentionDropout = new Dropout(dropout, { random });
    if (options.cross === true) {
      this.crossNorm = normalizationOf(width, options);
      this.crossAttention = new MultiHeadAttention(width, heading);
      this.crossDropout = new Dropout(dropout, { random });
    }
    this.feedForwardNorm = normalizationOf(width, options);
    const makeFeedForward =
      typeof feedForward === "string" ? chosen("feedForward", feedForward, feedForwards) : feedForward;
    this.feedForward = made("feedForward", makeFeedForward, width, {
      ...(hidden !== undefined && { hidden }),
      ...(activation && { activation }),
      dropout: hiddenDropout,
      ...shared,
    });
    this.feedForwardDropout = new Dropout(dropout, { random });
  }

  forward(x: Tensor, options: TransformerBlockForwardOptions = {}): Tensor {
    // [batch, time, width] -> the same
    const { memory, memoryMask, causal = true, ...attend } = options;
    if (memory === undefined && this.crossAttention !== undefined)
      throw new ArgumentError("TransformerBlock: a block with cross attention needs memory\n  pass { memory }");
    if (memory !== undefined && this.crossAttention === undefined)
      throw new ArgumentError(
        "TransformerBlock: a block without cross attention cannot use memory\n  make it with { cross: true }",
      );
    const attended = this.#added(x, this.attentionNorm, (h) =>
      this.attentionDropout.forward(this.attention.forward(h, { ...attend, causal })),
    );
    return this.#finish(memory === undefined ? attended : this.#crossed(attended, memory, memoryMask));
  }

  /** The empty cache for `step`; undefined if the attention has none. */
  begin(batch: number, length: number, dtype: DType): Tree | undefined {
    if (this.attention.step === undefined || this.crossAttention !== undefined) return undefined;
    return this.attention.begin?.(batch, length, dtype);
  }

  /** One more position, with the positions before it in a cache. Returns the output and the new cache. */
  step(x: Tensor, position: Tensor, cache: Tree): readonly [Tensor, Tree] {
    // x [batch, 1, width]
    let next = cache;
    const attended = this.#added(x, this.attentionNorm, (h) => {
      const [mixed, grown] = this.attention.step!(h, position, cache);
      next = grown;
      return mixed;
    });
    return [this.#finish(attended), next];
  }

  #crossed(x: Tensor, memory: Tensor, mask: TensorLike | undefined): Tensor {
    const looks = { context: memory, ...(mask !== undefined && { mask }) };
    return this.#added(x, this.crossNorm!, (h) => this.crossDropout!.forward(this.crossAttention!.forward(h, looks)));
  }

  #finish(x: Tensor): Tensor {
    return this.#added(x, this.feedForwardNorm, (h) => this.feedForwardDropout.forward(this.feedForward.forward(h)));
  }

  /** The residual connection around a part, normalized before or after it. */
  #added(x: Tensor, norm: UnaryLayer, part: (h: Tensor) => Tensor): Tensor {
    return this.norm === "pre" ? add(x, part(norm.forward(x))) : norm.forward(add(x, part(x)));
  }

  /** The names of PyTorch's TransformerEncoderLayer or TransformerDecoderLayer. */
  toPyTorch(state: StateDict): StateDict {
    return (this.crossAttention === undefined ? encoderLayout : decoderLayout).toPyTorch(state);
  }

  fromPyTorch(state: StateDict): StateDict {
    return (this.crossAttention === undefined ? encoderLayout : decoderLayout).fromPyTorch(state);
  }
}
