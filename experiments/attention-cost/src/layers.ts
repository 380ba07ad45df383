import { attention, RandomStream, type Tensor } from "@ansatz/core";
import { MultiHeadAttention, type AttendOptions, type AttentionFactory, type AttentionLayer } from "@ansatz/nn";
import { gatedDeltaNet, mamba2 } from "@ansatz/nn-state-space";
import { blockedAttention, linearAttention, linformer, localAttention, performer } from "@ansatz/nn-attention";

export interface LayerOptions {
  readonly attention: string;
  /** The number of positions. */
  readonly length: number;
  readonly width: number;
  readonly heads: number;
  /** Queries of a block. */
  readonly block: number;
  /** Positions of Linformer. */
  readonly projected: number;
  readonly features: number;
  readonly orthogonal: boolean;
  readonly window: number;
  readonly seed: number;
}

/** All scores at once, also where nn's own layer goes over to blocks. */
class WholeAttention extends MultiHeadAttention {
  protected override mix(query: Tensor, key: Tensor, value: Tensor, { causal = false }: AttendOptions): Tensor {
    return attention(query, key, value, { causal });
  }
}

const factories: Readonly<Record<string, (options: LayerOptions) => AttentionFactory>> = {
  exact: () => (width, options) => new WholeAttention(width, options),
  blocked: ({ block }) => blockedAttention({ block }),
  linformer: ({ length, projected }) => linformer({ length, projected: Math.min(length, projected) }),
  performer: ({ features, orthogonal }) => performer({ features, orthogonal }),
  local: ({ window }) => localAttention({ window }),
  linear: () => linearAttention(),
  mamba2: () => mamba2({ state: 16 }),
  gatedDeltaNet: () => gatedDeltaNet(),
};

/** Recurrences instead of attention: these have no projections in common with it. */
export const recurrences: readonly string[] = ["mamba2", "gatedDeltaNet"];

export const attentions = Object.keys(factories);

/** The layer, and whether it is causal. All attentions of one seed have the same projections. */
export function layerOf(options: LayerOptions): { readonly layer: AttentionLayer; readonly causal: boolean } {
  const { attention, width, heads, seed } = options;
  const layer = factories[attention]!(options)(width, { heads, random: new RandomStream(seed) });
  return { layer, causal: attention !== "linformer" };
}
