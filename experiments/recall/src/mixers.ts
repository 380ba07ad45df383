import { ArgumentError } from "@ansatz/core";
import { MultiHeadAttention, type AttentionFactory } from "@ansatz/nn";
import { linearAttention } from "@ansatz/nn-attention";
import { gatedDeltaNet, mamba2 } from "@ansatz/nn-state-space";

export interface MixerSizes {
  readonly width: number;
  readonly heads: number;
  /** The features of the keys, or of B, by which each head finds a value in its state. */
  readonly state: number;
}

/**
 * What mixes the positions of a sequence. The state of a layer has width · state numbers in linear attention, whose
 * heads follow from that, and 2 · width · state in the others. Attention keeps all positions.
 */
export const mixers: Readonly<Record<string, (sizes: MixerSizes) => AttentionFactory>> = {
  attention: () => (width, options) => new MultiHeadAttention(width, options),
  linearAttention: ({ width, state }) => {
    if (width % state !== 0)
      throw new ArgumentError(
        `linearAttention: a state of ${state} does not divide a width of ${width}\n  use one that does`,
      );
    const linear = linearAttention();
    return (features, options) => linear(features, { ...options, heads: width / state });
  },
  gatedDeltaNet: ({ state, width, heads }) => gatedDeltaNet({ keys: state, values: (2 * width) / heads }),
  mamba2: ({ state }) => mamba2({ state }),
};
