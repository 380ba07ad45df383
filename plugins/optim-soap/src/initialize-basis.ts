import {
  ArgumentError,
  flip,
  GradientError,
  input,
  mul,
  split,
  squeeze,
  stack,
  sub,
  type Cell,
  type Optimizer,
  type Tensor,
} from "@ansatz/core";
import { isParameter, isTensor, leavesOf, type Tree } from "@ansatz/core/plugin";
import { eigh } from "@ansatz/linalg";
import { covariance } from "./rotation.ts";

/**
 * Takes the eigenvectors of the first gradients as the basis in which SOAP begins. Call it once, before the first
 * update, with gradients that are not used for an update, as in the authors' program.
 *
 *   L₀ ← (1 − β) g gᵀ      L₁ ← (1 − β) gᵀ g      Q₀, Q₁ = their eigenvectors, the largest eigenvalue first
 *
 * Without it SOAP begins as Adam, and finds the basis by power iteration. Gradients of parameters with another rule are
 * ignored.
 *
 * @throws GradientError for a tensor that isn't the gradient of a parameter; ArgumentError if none of them is
 * of a matrix that is trained by SOAP
 * @example const weight = parameter(tensor([[1, 2], [3, 4]]));
 * const optimizer = new Optimizer([weight], soap, { learningRate: 3e-3 });
 * initializeBasis(optimizer, grad(sum(square(weight)), [weight]));
 * optimizer.stateOf(weight)["Q0"]?.shape // [2, 2]
 */
export function initializeBasis(optimizer: Optimizer, gradients: Tree): void {
  const alike = new Map<string, { L: Cell; Q: Cell; value: Tensor }[]>();
  for (const g of leavesOf(gradients)) {
    const owner = isTensor(g) ? g.node.gradientOf : undefined;
    if (!isTensor(g) || !isParameter(owner))
      throw new GradientError(
        "initializeBasis: this tensor isn't the gradient of a parameter\n" +
          "  pass the result of grad(loss, model.parameters())",
      );
    const state = optimizer.stateOf(owner);
    for (const [axis, length] of owner.shape.entries()) {
      const [L, Q] = [state[`L${axis}`], state[`Q${axis}`]];
      if (L === undefined || Q === undefined) continue;
      const β = input(() => optimizer.settingsOf(owner)["shampooBeta"]!, { dtype: owner.dtype });
      const type = `${owner.dtype} ${length}`;
      alike.set(type, [...(alike.get(type) ?? []), { L, Q, value: mul(sub(1, β), covariance(g, axis)) }]);
    }
  }
  if (alike.size === 0)
    throw new ArgumentError(
      "initializeBasis: none of the gradients is of a matrix that is trained by SOAP\n" +
        "  give the optimizer the rule soap",
    );
  // Matrices of one size are decomposed together, which takes no more steps than one of them.
  for (const same of alike.values()) {
    const { eigenvectors } = eigh(stack(same.map(({ value }) => value)));
    const bases = split(flip(eigenvectors, -1), same.length, 0);
    for (const [i, { L, Q, value }] of same.entries()) {
      L.assign(value);
      Q.assign(squeeze(bases[i]!, 0));
    }
  }
}
