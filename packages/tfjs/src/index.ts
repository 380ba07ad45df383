export { tfjsBackend, type TfjsOptions } from "./backend.ts";
export { type HeldDType, type TfjsEngine, tfjsTypes } from "./engine.ts";
export { exchangesLastAxes, foldTransposes } from "./fold-transposes.ts";
export { kernelOf, type Prepare, type PrepareParts } from "./ops.ts";
