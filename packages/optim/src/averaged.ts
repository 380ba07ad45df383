import {
  add,
  ArgumentError,
  div,
  input,
  mul,
  realize,
  sub,
  type Optimizer,
  type Parameter,
  type Tensor,
} from "@ansatz/core";

/**
 * Runs a function with the parameters set to their means, and restores them afterwards: the means of `scheduleFree` or
 * of `asgd`. A parameter without an update yet, such as a frozen one, is its own mean.
 *
 * @throws ArgumentError if a parameter is trained by another rule, or by `scheduleFree` with a `beta1` of 0, which
 * keeps no mean
 * @example const weight = parameter(zeros([2]));
 * const optimizer = new Optimizer([weight], scheduleFree, { learningRate: 0.1 });
 * await averaged(optimizer, [weight], async () => [...(await weight.data())]) // [0, 0]
 */
export async function averaged<R>(
  optimizer: Optimizer,
  parameters: readonly Parameter[],
  body: () => Promise<R>,
): Promise<R> {
  const kept = await Promise.all(parameters.map((own) => own.data()));
  const means = parameters.map((own) => meanOf(optimizer, own));
  await realize(means);
  for (const [i, mean] of means.entries()) parameters[i]!.load(await mean.data());
  try {
    return await body();
  } finally {
    for (const [i, own] of parameters.entries()) own.load(kept[i]!);
  }
}

function meanOf(optimizer: Optimizer, own: Parameter): Tensor {
  const { mean, z } = optimizer.stateOf(own);
  if (mean === undefined && z === undefined)
    throw new ArgumentError(
      `averaged: the rule of ${own.describe()} keeps no mean\n  give its group the rule scheduleFree or asgd`,
    );
  if (optimizer.stepOf(own) === 0) return add(own, 0);
  if (z === undefined) return add(mean!, 0);
  const { beta1 } = optimizer.settingsOf(own);
  if (beta1 === 0)
    throw new ArgumentError(
      `averaged: beta1 is 0 for ${own.describe()}, so schedule-free keeps no mean\n  train it with a beta1 above 0`,
    );
  const share = input(beta1!, { dtype: own.dtype });
  return div(sub(own, mul(sub(1, share), z)), share); // x = (θ − (1 − β₁) z) / β₁
}
