import { MultiHeadAttention, type AttentionFactory } from "@ansatz/nn";
import { linearAttention, localAttention, performer } from "@ansatz/nn-attention";
import { gatedDeltaNet, mamba2 } from "@ansatz/nn-state-space";

export interface AttentionSettings {
  readonly attention: string;
  readonly window: number;
  readonly sinks: number;
  readonly features: number;
  readonly state: number;
}

const factories: Readonly<Record<string, (settings: AttentionSettings) => AttentionFactory>> = {
  exact: () => (width, options) => new MultiHeadAttention(width, options),
  local: ({ window, sinks }) => localAttention({ window, sinks }),
  performer: ({ features }) => performer({ features }),
  linear: () => linearAttention(),
  mamba2: ({ state }) => mamba2({ state }),
  gatedDeltaNet: () => gatedDeltaNet(),
};

export const attentions = Object.keys(factories);

/** The attention of each block. */
export function attentionOf(settings: AttentionSettings): AttentionFactory {
  return factories[settings.attention]!(settings);
}
