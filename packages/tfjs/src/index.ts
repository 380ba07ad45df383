export { tfjsBackend, type TfjsOptions } from "./backend.ts";
export type { TfjsEngine } from "./engine.ts";
export { foldTransposes } from "./fold-transposes.ts";
export { kernelOf, type Prepare, type PrepareParts } from "./ops.ts";
