import { add, Module, mul, type Tensor } from "@ansatz/core";
import { sinusoidalPositions, type PositionLayer, type TransformerLMOptions } from "@ansatz/nn";

/** What the embeddings of tokens are drawn with: N(0, 0.02²). */
const scaleOfEmbeddings = 0.02;

/**
 * Sinusoids with the variance that the embeddings start with, so that neither drowns the other: x + 0.02 √2 PE.
 *
 * Vaswani et al. 2017 multiply the embeddings by √width for the same reason.
 */
class ScaledSinusoids extends Module implements PositionLayer {
  forward(x: Tensor, position?: Tensor): Tensor {
    // [batch, time, width] -> the same
    const [time, width] = x.shape.slice(-2) as [number, number];
    const waves = sinusoidalPositions(time, width, { ...(position && { position }) });
    return add(x, mul(waves, scaleOfEmbeddings * Math.SQRT2)); // the mean square of a sinusoid is a half
  }
}

/** The encodings to compare, as the slot `positions` of the model. */
export const encodings: Readonly<Record<string, NonNullable<TransformerLMOptions["positions"]>>> = {
  none: "none",
  sinusoidal: () => new ScaledSinusoids(),
  learned: "learned",
  rotary: "rotary",
  alibi: "alibi",
};
