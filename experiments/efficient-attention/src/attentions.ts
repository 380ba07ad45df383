import { MultiHeadAttention, type AttentionFactory } from "@ansatz/nn";
import { linearAttention, localAttention, performer } from "@ansatz/nn-attention";

export interface AttentionSettings {
  readonly attention: string;
  readonly window: number;
  readonly sinks: number;
  readonly features: number;
}

const factories: Readonly<Record<string, (settings: AttentionSettings) => AttentionFactory>> = {
  exact: () => (width, options) => new MultiHeadAttention(width, options),
  local: ({ window, sinks }) => localAttention({ window, sinks }),
  performer: ({ features }) => performer({ features }),
  linear: () => linearAttention(),
};

export const attentions = Object.keys(factories);

/** The attention of each block. */
export function attentionOf(settings: AttentionSettings): AttentionFactory {
  return factories[settings.attention]!(settings);
}
