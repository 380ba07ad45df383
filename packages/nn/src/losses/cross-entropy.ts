import {
  add,
  div,
  equal,
  gather,
  logSoftmax,
  maximum,
  mean,
  mul,
  neg,
  reshape,
  ShapeError,
  softmaxCrossEntropy,
  sum,
  where,
  type Tensor,
  type TensorLike,
} from "@ansatz/core";
import { showShape, toTensor } from "@ansatz/core/plugin";
import { reduced, type Reduction } from "./reduction.ts";

export interface CrossEntropyOptions {
  /** The share of the target's probability that is spread over all classes. Szegedy et al. 2015, arXiv:1512.00567. */
  readonly labelSmoothing?: number;
  /** A target that is ignored, such as −100 for padding. */
  readonly ignoredIndex?: number;
  /** The weight of each class, [classes]. The mean is then weighted by the classes of the targets. */
  readonly classWeights?: TensorLike;
  readonly reduction?: Reduction;
}

/**
 * Mean cross-entropy of scores with target classes, in nats: −(1/n) Σ ln softmax(logits)[target].
 *
 * logits [..., classes], target [...] of int32. If every target is ignored, the mean is 0.
 *
 * @throws ShapeError if the leading axes differ
 * @example crossEntropy(zeros([2, 4]), integers([0, 3]))  // 1.3863
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  if (showShape(logits.shape.slice(0, -1)) !== showShape(target.shape)) {
    throw new ShapeError(
      `crossEntropy: "batch" is ${showShape(logits.shape.slice(0, -1))} in logits ` +
        `but ${showShape(target.shape)} in target\n` +
        `  logits: ${showShape(logits.shape)}  (...batch classes)\n` +
        `  target: ${showShape(target.shape)}  (...batch)`,
    );
  }
  const rows = reshape(logits, [target.size, logits.shape.at(-1)!]);
  const classes = reshape(target, [target.size]);
  if (Object.keys(options).length === 0) return mean(softmaxCrossEntropy(rows, classes));
  const { elements, weights } = weighted(rows, classes, options);
  if (options.reduction !== undefined && options.reduction !== "mean")
    return reduced("crossEntropy", reshape(elements, target.shape), options.reduction);
  return div(sum(elements), maximum(sum(weights), 1e-30));
}

/** The loss of each row, and its weight. */
function weighted(
  rows: Tensor,
  target: Tensor,
  { labelSmoothing = 0, ignoredIndex, classWeights }: CrossEntropyOptions,
): { elements: Tensor; weights: Tensor } {
  const counts = ignoredIndex === undefined ? undefined : where(equal(target, ignoredIndex), 0, 1); // [rows]
  const known = counts === undefined ? target : where(equal(target, ignoredIndex!), 0, target);
  const own = classWeights === undefined ? toTensor(1) : gather(toTensor(classWeights), known);
  const weights = mul(own, counts ?? where(equal(target, target), 1, 0));
  const sharp = mul(own, softmaxCrossEntropy(rows, known));
  if (labelSmoothing === 0)
    return { elements: counts === undefined ? sharp : where(equal(counts, 0), 0, sharp), weights };
  const spread = neg(mean(mul(logSoftmax(rows), classWeights ?? 1), -1));
  const smooth = add(mul(1 - labelSmoothing, sharp), mul(labelSmoothing, spread));
  return { elements: counts === undefined ? smooth : where(equal(counts, 0), 0, smooth), weights };
}
