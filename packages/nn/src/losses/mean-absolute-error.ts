import { abs, sub, type Tensor } from "@ansatz/core";
import { reduced, type Reduction } from "./reduction.ts";
import { checkSameShape } from "./same-shape.ts";

/**
 * Mean absolute error, the L1 loss: (1/n) Σ |prediction − target|. Its gradient is 0 at equality.
 *
 * @throws ShapeError if the shapes differ
 * @example meanAbsoluteError(tensor([1, 2]), tensor([1, 4]))  // 1
 */
export function meanAbsoluteError(
  prediction: Tensor,
  target: Tensor,
  options: { readonly reduction?: Reduction } = {},
): Tensor {
  checkSameShape("meanAbsoluteError", ["prediction", "target"], prediction, target);
  return reduced("meanAbsoluteError", abs(sub(prediction, target)), options.reduction);
}
