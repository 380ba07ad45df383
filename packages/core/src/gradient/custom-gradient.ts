import { GradientError } from "../contract/errors.ts";
import { showShape } from "../contract/shape.ts";
import { record, type OpDefinition } from "../graph/op.ts";
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import { toTensor } from "../ops/family.ts";

/** A function with a gradient rule of its own, for when that beats the chain rule. */
export interface CustomGradient {
  readonly forward: (...inputs: Tensor[]) => Tensor;
  /**
   * The gradient of each input, from the gradient `g` of the result `y`. A gradient of that gradient goes through `y`
   * by the same rule.
   */
  readonly gradient: (g: Tensor, inputs: readonly Tensor[], y: Tensor) => readonly (Tensor | undefined)[];
}

/**
 * A function with a gradient of your own.
 *
 * Every tensor that the rule needs must be among the inputs, or be `y`. One that it captures from the forward pass does
 * not exist any more where `checkpoint` computes that pass again.
 *
 * @throws GradientError, when a gradient is taken, unless there is one gradient for each input (or undefined) that has
 * the input's shape, or a shape that the input was broadcast to
 * @example customGradient({ forward: (x) => x.sign(), gradient: (g) => [g] })(tensor([-2, 3]))  // [-1, 1]
 */
export function customGradient({ forward, gradient }: CustomGradient): (...inputs: TensorLike[]) => Tensor {
  const op: OpDefinition = {
    name: "customGradient",
    infer: ([y]) => y!,
    alias: true,
    gradient: (g, [, ...inputs], y) => [undefined, ...checked(gradient(g, inputs, y), inputs)],
  };
  return (...inputs) => {
    const xs = inputs.map((x) => toTensor(x));
    return record(op, [forward(...xs), ...xs]);
  };
}

type Gradients = readonly (Tensor | undefined)[];

function checked(gradients: Gradients, inputs: readonly Tensor[]): Gradients {
  if (gradients.length !== inputs.length)
    throw new GradientError(
      `customGradient: there are ${inputs.length} inputs, but the rule returns ${gradients.length} gradients\n` +
        "  return one for each input, and undefined for an input that has none",
    );
  for (const [i, { shape }] of inputs.entries()) {
    const found = gradients[i]?.shape ?? shape;
    const extra = found.length - shape.length;
    if (extra < 0 || shape.some((length, axis) => length !== 1 && length !== found[extra + axis]))
      throw new GradientError(
        `customGradient: input ${i} is ${showShape(shape)}, but its gradient is ${showShape(found)}\n` +
          "  return a gradient of the input's shape",
      );
  }
  return gradients;
}
