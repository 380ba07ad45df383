export { gaussNewtonDiagonal, type GaussNewtonOptions } from "./gauss-newton-diagonal.ts";
export { hutchinsonDiagonal } from "./hutchinson-diagonal.ts";
export { sophiaG, sophiaH } from "./sophia.ts";
export { winRate } from "./win-rate.ts";
