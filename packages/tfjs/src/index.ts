export { tfjsBackend } from "./backend.ts";
export type { TfjsEngine } from "./engine.ts";
export { kernelOf, type Prepare } from "./ops.ts";
