import { Module, type Tensor, type TensorLike } from "@ansatz/core";
import { streamOf } from "../random-source.ts";
import { TransformerDecoder, TransformerEncoder, type TransformerStackOptions } from "./transformer-stack.ts";

/**
 * An encoder and a decoder that attends to it. Vaswani et al. 2017, arXiv:1706.03762. It is PyTorch's Transformer with
 * `norm: "post"` and `activation: relu`, which are PyTorch's defaults.
 *
 * source [batch, source time, width] and target [batch, time, width] give [batch, time, width]; both are embedded and
 * have positions added. No position of the target looks ahead. `sourceMask` and `targetMask`, for example from
 * `paddingMask`, are true where a position of the source or target counts.
 *
 * @example const model = new EncoderDecoder(8, { layers: 1, heads: 2 });
 * model.forward(zeros([1, 5, 8]), zeros([1, 3, 8])).shape // [1, 3, 8]
 */
export class EncoderDecoder extends Module {
  readonly encoder: TransformerEncoder;
  readonly decoder: TransformerDecoder;

  constructor(width: number, options: TransformerStackOptions) {
    super();
    const random = streamOf(options.random);
    this.encoder = new TransformerEncoder(width, { ...options, random });
    this.decoder = new TransformerDecoder(width, { ...options, random });
  }

  forward(
    source: Tensor,
    target: Tensor,
    options: { readonly sourceMask?: TensorLike; readonly targetMask?: TensorLike } = {},
  ): Tensor {
    const { sourceMask, targetMask } = options;
    const memory = this.encoder.forward(source, sourceMask === undefined ? {} : { mask: sourceMask });
    return this.decoder.forward(target, memory, {
      ...(sourceMask !== undefined && { memoryMask: sourceMask }),
      ...(targetMask !== undefined && { mask: targetMask }),
    });
  }
}
