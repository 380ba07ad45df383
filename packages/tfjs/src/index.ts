export { tfjsBackend, type TfjsOptions } from "./tfjs-backend.ts";
export { type HeldDType, type TfjsEngine, tfjsTypes } from "./tfjs-engine.ts";
export { foldTransposes, swapsLastAxes, transposesOf, type ProductTransposes } from "./fold-transposes.ts";
export { kernelOf, type Prepare, type PrepareParts } from "./ops.ts";
