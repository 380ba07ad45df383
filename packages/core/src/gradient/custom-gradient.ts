import { record, type OpDefinition } from "../graph/op.ts";
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import { toTensor } from "../ops/family.ts";

/** A function with a gradient rule of its own, for when that beats the chain rule. */
export interface CustomGradient {
  readonly forward: (...inputs: Tensor[]) => Tensor;
  /** The gradient of each input, from the gradient `g` of the result `y`. */
  readonly gradient: (g: Tensor, inputs: readonly Tensor[], y: Tensor) => readonly (Tensor | undefined)[];
}

/**
 * A function with a gradient of your own.
 *
 * @example customGradient({ forward: (x) => x.sign(), gradient: (g) => [g] })(tensor([-2, 3]))  // [-1, 1]
 */
export function customGradient({ forward, gradient }: CustomGradient): (...inputs: TensorLike[]) => Tensor {
  const op: OpDefinition = {
    name: "customGradient",
    infer: ([y]) => y!,
    alias: true,
    gradient: (g, [y, ...inputs]) => [undefined, ...gradient(g, inputs, y!)],
  };
  return (...inputs) => {
    const xs = inputs.map((x) => toTensor(x));
    return record(op, [forward(...xs), ...xs]);
  };
}
