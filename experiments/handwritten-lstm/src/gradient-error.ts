import { abs, div, grad, max, maximum, sub, type Tensor } from "@ansatz/core";
import { backward } from "./backward.ts";
import type { LSTMLanguageModel } from "./lstm.ts";

/**
 * The error of the gradients by hand: the largest difference from those of `grad` in any parameter, relative to its
 * largest gradient.
 */
export function gradientError(model: LSTMLanguageModel, input: Tensor, target: Tensor): Tensor {
  const { loss, steps } = model.forward(input, target);
  const { W, U, b, V, d } = model;
  const expected = grad(loss, { W, U, b, V, d });
  const found = backward(model, steps);
  const errors = (["W", "U", "b", "V", "d"] as const).map((name) =>
    div(max(abs(sub(found[name], expected[name]))), max(abs(expected[name]))),
  );
  return errors.reduce((a, b) => maximum(a, b));
}
