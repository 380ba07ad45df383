import { add, mul, neg, softplus, sub, type Tensor, type TensorLike } from "@ansatz/core";
import { reduced, type Reduction } from "./reduction.ts";
import { checkSameShape } from "./same-shape.ts";

export interface BinaryCrossEntropyOptions {
  /** The weight of a positive, relative to 1 for a negative. Broadcasts to the shape of the logits. */
  readonly positiveWeight?: TensorLike;
  readonly reduction?: Reduction;
}

/**
 * Binary cross-entropy of logits with target probabilities, in nats: −y ln σ(x) − (1 − y) ln(1 − σ(x)). It does not
 * overflow.
 *
 * logits and target have the same shape. A target is a number from 0 to 1.
 *
 * @throws ShapeError if the shapes differ
 * @example binaryCrossEntropy(tensor([0, 100]), tensor([1, 0]))  // 50.3466
 */
export function binaryCrossEntropy(logits: Tensor, target: Tensor, options: BinaryCrossEntropyOptions = {}): Tensor {
  checkSameShape("binaryCrossEntropy", ["logits", "target"], logits, target);
  const { positiveWeight, reduction } = options;
  // −ln σ(x) is softplus(−x), and −ln(1 − σ(x)) is x + softplus(−x).
  const ofPositive = softplus(neg(logits));
  const weight = positiveWeight === undefined ? 1 : add(1, mul(sub(positiveWeight, 1), target));
  return reduced("binaryCrossEntropy", add(mul(sub(1, target), logits), mul(weight, ofPositive)), reduction);
}
