import {
  add,
  ArgumentError,
  div,
  equal,
  input,
  mul,
  pow,
  realize,
  sqrt,
  square,
  sub,
  where,
  zeros,
  zerosLike,
  type Optimizer,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/**
 * Schedule-free AdamW: gradients are taken between a fast sequence z and its running mean x, so that no schedule has to
 * know when training ends. Defazio et al. 2024, arXiv:2405.15682, Algorithm 1 with AdamW's step.
 *
 *   v ← β₂ v + (1 − β₂) g²      z ← z − η (g / (√v̂ + ε) + λ θ)      x ← (1 − c) x + c z with c = η² / Σ η²
 *   θ ← (1 − β₁) z + β₁ x
 *
 * Gradients are taken at the parameters θ. Evaluate and save the means x instead: `averaged` sets the parameters to
 * them for a while. The only schedule that it needs is a warm-up.
 *
 * @example new Optimizer([parameter(zeros([2]))], scheduleFree, { learningRate: 2.5e-3 }).rule.name  // "schedule-free"
 */
export const scheduleFree = updateRule({
  name: "schedule-free",
  spec: 1,
  hyper: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  state: (θ) => ({ v: zerosLike(θ), z: zerosLike(θ), total: zeros([]) }),
  update({ θ, g, v, z, total, step: t, learningRate: η, beta1, beta2, epsilon: ε, weightDecay: λ }) {
    const fast = where(equal(t, 1), θ, z); // z and x start at the parameters
    const nextV = add(mul(beta2, v), mul(sub(1, beta2), square(g)));
    const direction = add(div(g, add(div(sqrt(nextV), sqrt(sub(1, pow(beta2, t)))), ε)), mul(λ, θ));
    const nextTotal = add(total, square(η));
    const c = where(equal(nextTotal, 0), 0, div(square(η), nextTotal)); // at a learning rate of 0 nothing moves
    // x is not stored. In terms of θ and z: θ moves by the share c towards z, and then by its own share of the step.
    const part = sub(1, mul(beta1, sub(1, c)));
    return {
      θ: sub(add(θ, mul(c, sub(fast, θ))), mul(mul(η, part), direction)),
      v: nextV,
      z: sub(fast, mul(η, direction)),
      total: nextTotal,
    };
  },
});

/**
 * Runs a function with the parameters set to the means of schedule-free training, and restores them afterwards.
 *
 * @throws ArgumentError if a parameter is trained by another rule
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
  const { z } = optimizer.stateOf(own);
  if (z === undefined)
    throw new ArgumentError(
      `averaged: ${own.describe()} is not trained by schedule-free\n  give its group the rule scheduleFree`,
    );
  if (optimizer.step === 0) return add(own, 0);
  const setting = optimizer.groups.at(-1)!["beta1"]!;
  const beta1 = input(() => (typeof setting === "function" ? setting(optimizer.step) : setting));
  return div(sub(own, mul(sub(1, beta1), z)), beta1);
}
