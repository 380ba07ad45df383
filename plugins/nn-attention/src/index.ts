export { BlockedAttention, blockedAttention, type BlockedAttentionOptions } from "./blocked-attention.ts";
export { LinearAttention, linearAttention } from "./linear-attention.ts";
export { Linformer, linformer, type LinformerOptions } from "./linformer.ts";
export { LocalAttention, localAttention, type LocalAttentionOptions } from "./local-attention.ts";
export { Performer, performer, type PerformerOptions, redrawFeatures } from "./performer.ts";
export { positiveFeatures, randomDirections, type RandomFeatureOptions } from "./random-features.ts";
