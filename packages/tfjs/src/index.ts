export { tfjsBackend, type TfjsOptions } from "./tfjs-backend.ts";
export { type HeldDType, type TfjsEngine, tfjsTypes } from "./tfjs-engine.ts";
export { foldTransposes, swapsLastAxes, transposesOf, type ProductTransposes } from "./fold-transposes.ts";
export { several } from "./several.ts";
export { kernelOf, type Prepare, type PrepareParts } from "./prepare.ts";
