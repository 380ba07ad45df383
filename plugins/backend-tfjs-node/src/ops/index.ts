import type { Prepare } from "@ansatz/tfjs";
import { composites } from "./composites.ts";
import { convolution } from "./convolution.ts";
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { layout } from "./layout.ts";
import { products } from "./products.ts";
import { reductions } from "./reductions.ts";

/** The ops that TensorFlow computes. */
export const tensorflowOps: Readonly<Record<string, Prepare>> = {
  ...elementwise,
  ...reductions,
  ...products,
  ...layout,
  ...indexing,
  ...convolution,
  ...composites,
};
