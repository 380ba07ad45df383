import { MultiHeadAttention, type AttentionFactory } from "@ansatz/nn";
import { gatedDeltaNet, mamba2 } from "@ansatz/nn-state-space";

/** What mixes the positions of a sequence, each with a state of state · 2 · width numbers. Attention keeps everything. */
export const mixers: Readonly<Record<string, (sizes: MixerSizes) => AttentionFactory>> = {
  attention: () => (width, options) => new MultiHeadAttention(width, options),
  gatedDeltaNet: ({ state, width, heads }) => gatedDeltaNet({ keys: state, values: (2 * width) / heads }),
  mamba2: ({ state }) => mamba2({ state }),
};

export interface MixerSizes {
  readonly width: number;
  readonly heads: number;
  /** The features by which a state is addressed. */
  readonly state: number;
}
