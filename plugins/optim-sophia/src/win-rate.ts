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
  type Optimizer,
  type Parameter,
  type Tensor,
} from "@ansatz/core";

/**
 * The share of coordinates that are not clipped, |m| < γ h. The authors tune γ until it is between 0.1 and 0.5.
 * Parameters of groups with another rule are ignored.
 *
 * @throws ArgumentError if no parameter is trained by Sophia
 * @example const weight = parameter(zeros([2]));
 * winRate(new Optimizer([weight], sophiaG, { learningRate: 1e-3 }), [weight])  // 0
 */
export function winRate(optimizer: Optimizer, parameters: readonly Parameter[]): Tensor {
  const states = parameters.map((own) => optimizer.stateOf(own)).filter((state) => "m" in state && "h" in state);
  if (states.length === 0)
    throw new ArgumentError(
      "winRate: no parameter is trained by Sophia\n  give the optimizer the rule sophiaG or sophiaH",
    );
  const gamma = input(() => {
    const setting = optimizer.groups.at(-1)!["gamma"]!;
    return typeof setting === "function" ? setting(Math.max(1, optimizer.step)) : setting;
  });
  const unclipped = states.map(({ m, h }) => sum(cast(less(abs(m!), mul(gamma, h!)), "float32")));
  const count = states.reduce((total, { m }) => total + m!.shape.reduce((product, length) => product * length, 1), 0);
  return div(
    unclipped.reduce((a, b) => add(a, b)),
    count,
  );
}
