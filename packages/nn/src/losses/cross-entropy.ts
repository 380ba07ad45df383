import { mean, reshape, ShapeError, showShape, softmaxCrossEntropy, type Tensor } from "@ansatz/core";

/**
 * Mean cross-entropy of scores with target classes, in nats: −(1/n) Σ ln softmax(logits)[target].
 *
 * logits [..., classes], target [...] of int32.
 *
 * @throws ShapeError when the leading axes differ
 * @example crossEntropy(zeros([2, 4]), tensor([0, 3], { dtype: "int32" }))  // 1.3863
 */
export function crossEntropy(logits: Tensor, target: Tensor): Tensor {
  if (showShape(logits.shape.slice(0, -1)) !== showShape(target.shape)) {
    throw new ShapeError(`crossEntropy: "batch" is ${showShape(logits.shape.slice(0, -1))} in logits but ${showShape(target.shape)} in target\n  logits: ${showShape(logits.shape)}  (...batch classes)\n  target: ${showShape(target.shape)}  (...batch)`);
  }
  return mean(softmaxCrossEntropy(reshape(logits, [target.size, logits.shape.at(-1)!]), reshape(target, [target.size])));
}
