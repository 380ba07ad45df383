import { Module, type StateDict, type Tensor } from "@ansatz/core";
import type { UnaryLayer } from "../layers/unary-layer.ts";
import { normalizationOf } from "../normalization/normalization.ts";
import { renamed } from "../pytorch-state.ts";
import { streamOf } from "../random-source.ts";
import {
  TransformerBlock,
  type TransformerBlockForwardOptions,
  type TransformerBlockOptions,
} from "./transformer-block.ts";

export interface TransformerStackOptions extends Omit<TransformerBlockOptions, "cross"> {
  readonly layers: number;
}

const layout = renamed(["blocks.", "layers."]);

/** The common part of encoder and decoder: blocks, and a normalization after the last. */
abstract class TransformerStack extends Module {
  readonly blocks: readonly TransformerBlock[];
  readonly norm: UnaryLayer;

  constructor(width: number, { layers, ...options }: TransformerStackOptions, cross: boolean) {
    super();
    const random = streamOf(options.random);
    this.blocks = Array.from({ length: layers }, () => new TransformerBlock(width, { ...options, cross, random }));
    this.norm = normalizationOf(width, options);
  }

  protected through(x: Tensor, options: TransformerBlockForwardOptions): Tensor {
    return this.norm.forward(this.blocks.reduce((h, block) => block.forward(h, options), x));
  }

  toPyTorch(state: StateDict): StateDict {
    return layout.toPyTorch(state);
  }

  fromPyTorch(state: StateDict): StateDict {
    return layout.fromPyTorch(state);
  }
}

/**
 * The encoder of a Transformer: blocks that look at the whole sequence, and a normalization. Vaswani et al. 2017,
 * arXiv:1706.03762.
 *
 * x and the result are [batch, time, width]. `mask`, for example from `paddingMask`, is true where a position may be
 * looked at.
 *
 * @example new TransformerEncoder(8, { layers: 2, heads: 2 }).forward(zeros([1, 3, 8])).shape  // [1, 3, 8]
 */
export class TransformerEncoder extends TransformerStack {
  constructor(width: number, options: TransformerStackOptions) {
    super(width, options, false);
  }

  forward(x: Tensor, options: Pick<TransformerBlockForwardOptions, "mask" | "bias"> = {}): Tensor {
    return this.through(x, { ...options, causal: false });
  }
}

/**
 * The decoder of a Transformer: blocks that look back and at the output of an encoder, and a normalization. Vaswani et
 * al. 2017, arXiv:1706.03762.
 *
 * x [batch, time, width] and memory [batch, source time, width] give [batch, time, width].
 *
 * @example const decoder = new TransformerDecoder(8, { layers: 2, heads: 2 });
 * decoder.forward(zeros([1, 3, 8]), zeros([1, 5, 8])).shape // [1, 3, 8]
 */
export class TransformerDecoder extends TransformerStack {
  constructor(width: number, options: TransformerStackOptions) {
    super(width, options, true);
  }

  forward(x: Tensor, memory: Tensor, options: Omit<TransformerBlockForwardOptions, "memory" | "causal"> = {}): Tensor {
    return this.through(x, { ...options, memory });
  }
}
