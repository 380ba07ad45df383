export { ademamix } from "./ademamix.ts";
export { alphaWarmup, beta3Warmup, type Beta3WarmupOptions } from "./warmups.ts";
