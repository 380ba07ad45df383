import type { TransformerLMOptions } from "./transformer-lm.ts";

/**
 * The parts of LLaMA, for the options of `TransformerBlock`, `TransformerEncoder` or `TransformerLM`: RMSNorm, a SwiGLU
 * feed-forward layer, rotary positions and no biases. Touvron et al. 2023, arXiv:2302.13971.
 *
 * Later versions and relatives have other numbers: `keyValueHeads` (LLaMA 2, 70B), `rotaryBase: 500_000` (LLaMA 3).
 * `fromHuggingFace` loads the weights of such a model.
 *
 * @example new TransformerBlock(8, { heads: 2, ...llama }).forward(zeros([1, 3, 8])).shape  // [1, 3, 8]
 */
export const llama = {
  normalization: "rootMeanSquare",
  epsilon: 1e-5,
  feedForward: "gated",
  positions: "rotary",
  bias: false,
} as const satisfies Partial<TransformerLMOptions>;
