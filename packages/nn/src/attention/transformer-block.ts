import {
  add,
  ArgumentError,
  dynamicUpdateSlice,
  Module,
  type StateDict,
  type Tensor,
  type TensorLike,
} from "@ansatz/core";
import { Dropout } from "../regularization/dropout.ts";
import { FeedForward } from "../layers/feed-forward.ts";
import type { Initializer } from "../initializers/basic.ts";
import { LayerNorm } from "../normalization/layer-norm.ts";
import {
  MultiHeadAttention,
  type AttendOptions,
  type KeyValue,
  type MultiHeadAttentionOptions,
} from "./multi-head-attention.ts";
import { renamed } from "../pytorch-state.ts";
import { streamOf, type RandomSource } from "../random-source.ts";

export interface TransformerBlockOptions extends Pick<
  MultiHeadAttentionOptions,
  "heads" | "keyValueHeads" | "positions"
> {
  readonly dropout?: number;
  /** The width inside the position-wise network; four times the block's unless given. */
  readonly hidden?: number;
  /** Of the position-wise network; `gelu` unless given. */
  readonly activation?: (x: Tensor) => Tensor;
  /**
   * Whether each part normalises what it reads ("pre", unless given) or what it has added up ("post", as in the first
   * paper).
   */
  readonly norm?: "pre" | "post";
  /** Whether it attends to the memory of an encoder, too. */
  readonly cross?: boolean;
  readonly initializer?: Initializer;
  /** The initial weights of the two projections that add to the residual stream. */
  readonly residualInitializer?: Initializer;
  readonly random?: RandomSource;
}

export interface TransformerBlockForwardOptions extends AttendOptions {
  /** What an encoder made of its sequence, [batch, time, width]: for blocks with `cross`. */
  readonly memory?: Tensor;
  /** True where memory may be looked at; broadcasts to [batch, heads, queries, keys]. */
  readonly memoryMask?: TensorLike;
}

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

/**
 * A Transformer block: attention and a position-wise network, each added to what it reads. Vaswani et al. 2017,
 * arXiv:1706.03762; with norms in front, x + attention(norm(x)), then x + feedForward(norm(x)), Xiong et al. 2020,
 * arXiv:2002.04745.
 *
 * x [batch, time, width], and so the result. No position looks ahead unless `causal` is false. With `cross` it is a
 * decoder's block.
 *
 * @throws ArgumentError when memory is missing, or there is no use for it
 * @example new TransformerBlock(8, { heads: 2 }).forward(zeros([1, 3, 8])).shape  // [1, 3, 8]
 */
export class TransformerBlock extends Module {
  readonly attentionNorm: LayerNorm;
  readonly attention: MultiHeadAttention;
  readonly crossNorm: LayerNorm | undefined;
  readonly crossAttention: MultiHeadAttention | undefined;
  readonly feedForwardNorm: LayerNorm;
  readonly feedForward: FeedForward;
  readonly attentionDropout: Dropout;
  readonly feedForwardDropout: Dropout;
  readonly crossDropout: Dropout | undefined;
  readonly norm: "pre" | "post";

  constructor(width: number, options: TransformerBlockOptions) {
    super();
    const {
      heads,
      keyValueHeads,
      positions,
      dropout = 0,
      hidden,
      activation,
      initializer,
      residualInitializer = initializer,
    } = options;
    const random = streamOf(options.random);
    const starts = {
      random,
      ...(initializer && { initializer }),
      ...(residualInitializer && { outputInitializer: residualInitializer }),
    };
    const shared = keyValueHeads === undefined ? {} : { keyValueHeads };
    this.norm = options.norm ?? "pre";
    this.attentionNorm = new LayerNorm(width);
    this.attention = new MultiHeadAttention(width, {
      heads,
      dropout,
      ...shared,
      ...(positions && { positions }),
      ...starts,
    });
    this.attentionDropout = new Dropout(dropout, { random });
    if (options.cross === true) {
      this.crossNorm = new LayerNorm(width);
      this.crossAttention = new MultiHeadAttention(width, { heads, dropout, ...shared, ...starts });
      this.crossDropout = new Dropout(dropout, { random });
    }
    this.feedForwardNorm = new LayerNorm(width);
    this.feedForward = new FeedForward(width, {
      ...(hidden !== undefined && { hidden }),
      ...(activation && { activation }),
      ...starts,
    });
    this.feedForwardDropout = new Dropout(dropout, { random });
  }

  forward(x: Tensor, options: TransformerBlockForwardOptions = {}): Tensor {
    // [batch, time, width] -> the same
    const { memory, memoryMask, causal = true, ...attend } = options;
    if ((memory === undefined) !== (this.crossAttention === undefined))
      throw new ArgumentError(
        `TransformerBlock: ${memory === undefined ? "there is no memory to attend to\n  pass { memory }" : "it has no use for memory\n  make it with { cross: true }"}`,
      );
    const attended = this.#added(x, this.attentionNorm, (h) =>
      this.attentionDropout.forward(this.attention.forward(h, { ...attend, causal })),
    );
    return this.#finish(memory === undefined ? attended : this.#crossed(attended, memory, memoryMask));
  }

  /** One more position, with what came before in a cache; returns the cache with it. */
  step(x: Tensor, cache: KeyValue, position: Tensor, mask: TensorLike): readonly [Tensor, KeyValue] {
    // x [batch, 1, width]
    let next = cache;
    const attended = this.#added(x, this.attentionNorm, (h) => {
      const latest = this.attention.keyValue(h, position);
      const starts = [0, 0, position, 0];
      next = {
        key: dynamicUpdateSlice(cache.key, latest.key, starts),
        value: dynamicUpdateSlice(cache.value, latest.value, starts),
      };
      return this.attention.attend(h, next, { mask, position });
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

  /** What a part adds, normalised before or after. */
  #added(x: Tensor, norm: LayerNorm, part: (h: Tensor) => Tensor): Tensor {
    return this.norm === "pre" ? add(x, part(norm.forward(x))) : norm.forward(add(x, part(x)));
  }

  /** PyTorch's TransformerEncoderLayer, or TransformerDecoderLayer. */
  toPyTorch(state: StateDict): StateDict {
    return (this.crossAttention === undefined ? encoderLayout : decoderLayout).toPyTorch(state);
  }

  fromPyTorch(state: StateDict): StateDict {
    return (this.crossAttention === undefined ? encoderLayout : decoderLayout).fromPyTorch(state);
  }
}
