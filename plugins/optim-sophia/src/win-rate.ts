import {
  abs,
  add,
  ArgumentError,
  cast,
  div,
  input,
  less,
  mul,
  sum,
  type Cell,
  type Optimizer,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import { sizeOf } from "@ansatz/core/plugin";

/**
 * The share of coordinates that are not clipped, |m| < γ h, with the γ of each parameter's group. The authors tune γ
 * until it is between 0.1 and 0.5. Parameters of groups with another rule are ignored.
 *
 * @throws ArgumentError if no parameter is trained by Sophia
 * @example const weight = parameter(zeros([2]));
 * winRate(new Optimizer([weight], sophiaG, { learningRate: 1e-3 }), [weight])  // 0
 */
export function winRate(optimizer: Optimizer, parameters: readonly Parameter[]): Tensor {
  const trained = parameters
    .map((own) => ({ own, ...optimizer.stateOf(own) }) as Readonly<{ own: Parameter; m?: Cell; h?: Cell }>)
    .filter(({ m, h }) => m !== undefined && h !== undefined);
  if (trained.length === 0)
    throw new ArgumentError(
      "winRate: no parameter is trained by Sophia\n  give the optimizer the rule sophiaG or sophiaH",
    );
  const unclipped = trained.map(({ own, m, h }) => {
    const γ = input(() => optimizer.settingsOf(own)["gamma"]!, { dtype: own.dtype });
    return sum(cast(less(abs(m!), mul(γ, h!)), "float32"));
  });
  const count = trained.reduce((total, { own }) => total + sizeOf(own.shape), 0);
  return div(
    unclipped.reduce((a, b) => add(a, b)),
    count,
  );
}
