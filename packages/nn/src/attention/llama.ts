import { GatedFeedForward } from "../layers/gated-feed-forward.ts";
import { RMSNorm } from "../normalization/rms-norm.ts";
import type { TransformerBlockOptions } from "./transformer-block.ts";

/**
 * The parts of LLaMA, for the options of `TransformerBlock`, `TransformerEncoder` or `TransformerLM`: RMSNorm, a SwiGLU
 * feed-forward layer, rotary positions and no biases. Touvron et al. 2023, arXiv:2302.13971.
 *
 * @example new TransformerBlock(8, { heads: 2, ...llama }).forward(zeros([1, 3, 8])).shape  // [1, 3, 8]
 */
export const llama = {
  normalization: (width) => new RMSNorm(width, { epsilon: 1e-5 }),
  feedForward: (width, options) => new GatedFeedForward(width, options),
  positions: "rotary",
  bias: false,
} as const satisfies Partial<TransformerBlockOptions>;
