export type { ChunkOptions } from "./chunks.ts";
export { GatedDeltaNet, gatedDeltaNet, type GatedDeltaNetOptions } from "./gated-delta-net.ts";
export { gatedDeltaRule } from "./gated-delta-rule.ts";
export { Mamba2, mamba2, type Mamba2Options } from "./mamba2.ts";
export { stateSpaceDuality } from "./state-space-duality.ts";
export type { StateSpaceCache, StateSpaceLayer, StateSpaceLayerOptions } from "./state-space-layer.ts";
