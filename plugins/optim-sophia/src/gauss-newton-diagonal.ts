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
  /** The stream that draws the labels. Save its state in checkpoints. */
  readonly random: RandomStream;
  /** 1 where a label counts and 0 where it is padding. The shape is that of `logits` without classes. */
  readonly mask?: Tensor;
}

/**
 * An unbiased estimate of the diagonal of the Gauss–Newton matrix, for `observe`: B ĝ ⊙ ĝ. Here ĝ is the gradient of
 * the mean cross-entropy with labels sampled from the model, and B is the number of labels. Gauss–Newton–Bartlett, Liu
 * et al. 2023, arXiv:2305.14342, Algorithm 2.
 *
 * logits is [..., classes]. For a language model B is batch times time. Each call draws new labels. The labels of the
 * data are not used: they would estimate another matrix.
 *
 * @throws ShapeError if the mask does not fit
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
      "gaussNewtonDiagonal: the mask does not fit\n" +
        `  logits: ${showShape(logits.shape)}  (...batch classes)\n` +
        `  mask:   ${showShape(mask.shape)}  (...batch)`,
    );
  const count = lengths.reduce((product, length) => product * length, 1);
  const rows = reshape(logits, [count, logits.shape.at(-1)!]);
  const losses = softmaxCrossEntropy(rows, categorical(random.next(), rows));
  const counted = mask === undefined ? losses : mul(losses, reshape(mask, [count]));
  const B = mask === undefined ? toTensor(count) : maximum(sum(mask), 1);
  const gradients = grad(div(sum(counted), B), parameters);
  return mapGradients(gradients, (ĝ) => mul(B, square(ĝ))) as unknown as MapTree<S, Tensor>;
}
