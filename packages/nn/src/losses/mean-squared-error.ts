import { mean, square, sub, type Tensor } from "@ansatz/core";

/**
 * Mean squared error: (1/n) Σ (prediction − target)².
 *
 * @example meanSquaredError(tensor([1, 2]), tensor([1, 4]))  // 2
 */
export function meanSquaredError(prediction: Tensor, target: Tensor): Tensor {
  return mean(square(sub(prediction, target)));
}
