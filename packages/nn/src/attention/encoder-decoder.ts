import { Module, reshape, ShapeError, type Tensor, type TensorLike } from "@ansatz/core";
import { showShape, toTensor } from "@ansatz/core/plugin";
import { streamOf } from "../random-source.ts";
import { TransformerDecoder, TransformerEncoder, type TransformerStackOptions } from "./transformer-stack.ts";

/**
 * An encoder and a decoder that attends to it. Vaswani et al. 2017, arXiv:1706.03762. It is PyTorch's Transformer with
 * `norm: "post"` and `activation: relu`, which are PyTorch's defaults.
 *
 * source [batch, source time, width] and target [batch, time, width] give [batch, time, width]; both are embedded and
 * have positions added. No position of the target looks ahead. `sourceMask` and `targetMask` are true where a
 * position of the source or target counts: [batch, time], or [batch, 1, 1, time] as from `paddingMask`.
 *
 * @throws ShapeError for a mask of another shape
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
    const sourceMask = ofKeys("sourceMask", options.sourceMask, source);
    const targetMask = ofKeys("targetMask", options.targetMask, target);
    const memory = this.encoder.forward(source, sourceMask === undefined ? {} : { mask: sourceMask });
    return this.decoder.forward(target, memory, {
      ...(sourceMask !== undefined && { memoryMask: sourceMask }),
      ...(targetMask !== undefined && { mask: targetMask }),
    });
  }
}

/** A mask of the positions of x as [batch, 1, 1, time], which holds for all heads and queries. */
function ofKeys(name: string, given: TensorLike | undefined, x: Tensor): Tensor | undefined {
  if (given === undefined) return undefined;
  const mask = toTensor(given);
  const [batch, time] = x.shape as [number, number];
  const wanted = [batch, 1, 1, time];
  if (showShape(mask.shape) !== showShape([batch, time]) && showShape(mask.shape) !== showShape(wanted))
    throw new ShapeError(
      `EncoderDecoder: ${name} is ${showShape(mask.shape)}\n` +
        `  it must be ${showShape([batch, time])} or ${showShape(wanted)}, true where a position counts`,
    );
  return reshape(mask, wanted);
}
