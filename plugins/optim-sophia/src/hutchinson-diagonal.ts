import { hvp, mapGradients, mul, normal, type RandomStream, type Tensor, type TensorLike } from "@ansatz/core";
import { mapTree, type MapTree, type Tree } from "@ansatz/core/plugin";

/**
 * An unbiased estimate of the diagonal of the Hessian, for `observe`: u ⊙ H u with u ~ N(0, 1). Hutchinson 1989; Liu et
 * al. 2023, arXiv:2305.14342, Algorithm 1.
 *
 * Pass the loss with the labels of the batch. The Hessian-vector product costs about three times as much as a gradient.
 * Each call draws a new u.
 *
 * @throws GradientError if the loss does not depend on a parameter
 * @example const weight = parameter(tensor([1, 2]));
 * hutchinsonDiagonal(sum(square(weight)), { weight }, { random: new RandomStream(0) }).weight.shape // [2]
 */
export function hutchinsonDiagonal<S extends Tree>(
  loss: Tensor,
  parameters: S,
  { random }: { readonly random: RandomStream },
): MapTree<S, Tensor> {
  const drawn: Tensor[] = [];
  const vectors = mapTree(parameters, ({ shape, dtype }): TensorLike => {
    const u = normal(random.next(), shape, { dtype });
    drawn.push(u);
    return u;
  });
  let next = 0;
  return mapGradients(hvp(loss, parameters, vectors) as Tree, (Hu) => mul(drawn[next++]!, Hu)) as MapTree<S, Tensor>;
}
