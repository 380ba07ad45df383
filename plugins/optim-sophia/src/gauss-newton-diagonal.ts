import {
  categorical,
  div,
  grad,
  mapGradients,
  maximum,
  mul,
  reshape,
  ShapeError,
  softmaxCrossEntropy,
  sum,
  square,
  type RandomStream,
  type Tensor,
} from "@ansatz/core";
import { showShape, toTensor, type MapTree, type Tree } from "@ansatz/core/plugin";

export interface GaussNewtonOptions {
  /** Where the labels are drawn from; its state belongs to a checkpoint. */
  readonly random: RandomStream;
  /** 1 where a label counts and 0 where it is padding: the shape of `logits` without classes. */
  readonly mask?: Tensor;
}

/**
 * An unbiased estimate of the Gauss–Newton matrix's diagonal, for `observe`: B ĝ ⊙ ĝ, where ĝ is the gradient of the
 * mean cross-entropy with labels that are drawn from the model itself, and B their number. Gauss–Newton–Bartlett, Liu
 * et al. 2023, arXiv:2305.14342, Algorithm 2.
 *
 * logits [..., classes]; B is the number of labels in the mean, batch times time for a language model. Each call draws
 * anew. The labels of the data have no part in it: with those it would estimate something else.
 *
 * @throws ShapeError when the mask does not fit
 * @example const weight = parameter(zeros([2, 3]));
 * gaussNewtonDiagonal(matmul(ones([4, 2]), weight), { weight }, { random: new RandomStream(0) }).weight.shape // [2, 3]
 */
export function gaussNewtonDiagonal<S extends Tree>(
  logits: Tensor,
  parameters: S,
  { random, mask }: GaussNewtonOptions,
): MapTree<S, Tensor> {
  const lengths = logits.shape.slice(0, -1);
  if (mask !== undefined && showShape(mask.shape) !== showShape(lengths))
    throw new ShapeError(
      `gaussNewtonDiagonal: the mask does not fit\n  logits: ${showShape(logits.shape)}  (...batch classes)\n  mask:   ${showShape(mask.shape)}  (...batch)`,
    );
  const count = lengths.reduce((product, length) => product * length, 1);
  const rows = reshape(logits, [count, logits.shape.at(-1)!]);
  const losses = softmaxCrossEntropy(rows, categorical(random.next(), rows));
  const counted = mask === undefined ? losses : mul(losses, reshape(mask, [count]));
  const B = mask === undefined ? toTensor(count) : maximum(sum(mask), 1);
  const gradients = grad(div(sum(counted), B), parameters);
  return mapGradients(gradients, (ĝ) => mul(B, square(ĝ))) as unknown as MapTree<S, Tensor>;
}
