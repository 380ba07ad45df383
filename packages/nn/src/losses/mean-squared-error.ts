import { square, sub, type Tensor } from "@ansatz/core";
import { reduced, type Reduction } from "./reduction.ts";
import { checkSameShape } from "./same-shape.ts";

/**
 * Mean squared error: (1/n) Σ (prediction − target)².
 *
 * @throws ShapeError if the shapes differ
 * @example meanSquaredError(tensor([1, 2]), tensor([1, 4]))  // 2
 */
export function meanSquaredError(
  prediction: Tensor,
  target: Tensor,
  options: { readonly reduction?: Reduction } = {},
): Tensor {
  checkSameShape("meanSquaredError", ["prediction", "target"], prediction, target);
  return reduced("meanSquaredError", square(sub(prediction, target)), options.reduction);
}
