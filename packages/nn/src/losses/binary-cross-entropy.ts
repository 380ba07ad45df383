import { add, mul, neg, softplus, sub, type Tensor, type TensorLike } from "@ansatz/core";
import { reduced, type Reduction } from "./reduction.ts";
import { checkSameShape } from "./same-shape.ts";

export interface BinaryCrossEntropyOptions {
  /** What a positive counts for, against 1 for a negative; broadcasts to the shape of the logits. */
  readonly positiveWeight?: TensorLike;
  readonly reduction?: Reduction;
}

/**
 * Binary cross-entropy of scores with probabilities, in nats, without overflow: −y ln σ(x) − (1 − y) ln(1 − σ(x)).
 *
 * logits and target have one shape; a target is a number from 0 to 1.
 *
 * @throws ShapeError when the shapes differ
 * @example binaryCrossEntropy(tensor([0, 100]), tensor([1, 0]))  // 50.3466
 */
export function binaryCrossEntropy(logits: Tensor, target: Tensor, options: BinaryCrossEntropyOptions = {}): Tensor {
  checkSameShape("binaryCrossEntropy", ["logits", "target"], logits, target);
  const { positiveWeight, reduction } = options;
  // −ln σ(x) is softplus(−x), and −ln(1 − σ(x)) is x more than that.
  const ofPositive = softplus(neg(logits));
  const weight = positiveWeight === undefined ? 1 : add(1, mul(sub(positiveWeight, 1), target));
  return reduced("binaryCrossEntropy", add(mul(sub(1, target), logits), mul(weight, ofPositive)), reduction);
}
