import { gelu, leakyRelu, relu, silu } from "@ansatz/core";
import type { Activation } from "./dead-units.ts";

/** The activations to compare. */
export const activations: Readonly<Record<string, Activation>> = {
  relu: (x) => relu(x),
  leakyRelu: (x) => leakyRelu(x, { slope: 0.01 }),
  gelu: (x) => gelu(x),
  silu: (x) => silu(x),
  swiglu: (x) => silu(x), // of the gate
};
