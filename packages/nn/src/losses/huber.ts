import { abs, ArgumentError, lessEqual, mul, square, sub, where, type Tensor } from "@ansatz/core";
import { reduced, type Reduction } from "./reduction.ts";
import { checkSameShape } from "./same-shape.ts";

/**
 * Huber's loss: quadratic up to an error of δ, linear beyond it. Huber 1964.
 *
 *   ½ e² if |e| ≤ δ, otherwise δ (|e| − ½ δ), with e = prediction − target
 *
 * `delta` is δ. Default: 1.
 *
 * @throws ShapeError if the shapes differ; ArgumentError unless δ is above 0
 * @example huber(tensor([0.5, 3]), tensor([0, 0]), { reduction: "none" })  // [0.125, 2.5]
 */
export function huber(
  prediction: Tensor,
  target: Tensor,
  options: { readonly delta?: number; readonly reduction?: Reduction } = {},
): Tensor {
  const { delta = 1 } = options;
  if (!(delta > 0)) throw new ArgumentError(`huber: delta is ${delta}\n  use a number above 0`);
  checkSameShape("huber", ["prediction", "target"], prediction, target);
  const error = sub(prediction, target);
  const size = abs(error);
  return reduced(
    "huber",
    where(lessEqual(size, delta), mul(0.5, square(error)), mul(delta, sub(size, 0.5 * delta))),
    options.reduction,
  );
}
