export { adamw } from "./adamw.ts";
export { clipByGlobalNorm, globalNorm } from "./clip-by-global-norm.ts";
export { constant, cosine, linear, warmup } from "./schedules.ts";
export { sgd } from "./sgd.ts";
