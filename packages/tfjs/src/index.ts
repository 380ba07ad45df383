export { tfjsBackend, type TfjsOptions } from "./backend.ts";
export type { TfjsEngine } from "./engine.ts";
export { kernelOf, type Prepare, type PrepareParts } from "./ops.ts";
