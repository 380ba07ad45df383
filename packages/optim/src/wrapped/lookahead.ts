import { equal, lerp, remainder, where, zerosLike, type Tensor } from "@ansatz/core";
import { updateRule, type AnyUpdateRule } from "@ansatz/core/plugin";
import { wrappedHyper, type WrappedRule } from "./wrapped-rule.ts";

/**
 * Look-ahead around a rule: every k steps the slow weights φ move by the share α towards the fast ones, and the fast
 * ones continue from there. Zhang, Lucas, Hinton & Ba 2019, arXiv:1907.08610, Algorithm 1.
 *
 *   θ ← rule(θ)      every k steps: φ ← φ + α (θ − φ), θ ← φ
 *
 * k is `period`, α `slowness`.
 *
 * @throws ArgumentError if the rule has a hyper-parameter of the same name
 * @example lookahead(adamw).hyper.period  // 5
 */
export function lookahead<Rule extends AnyUpdateRule>(rule: Rule): WrappedRule<Rule, "period" | "slowness"> {
  return updateRule({
    name: `lookahead-${rule.name}`,
    spec: 1,
    hyper: wrappedHyper("lookahead", rule, { period: 5, slowness: 0.5 }),
    state: (θ) => ({ ...rule.state(θ), slow: zerosLike(θ) }),
    update: (context) => {
      const given: Readonly<Record<string, Tensor>> = context;
      const {
        θ,
        slow,
        step: t,
        period: k,
        slowness: α,
      } = given as Readonly<Record<"θ" | "slow" | "step" | "period" | "slowness", Tensor>>;
      const { θ: fast = θ, ...state } = rule.update(context);
      const start = where(equal(t, 1), θ, slow); // the initial weights
      const meets = equal(remainder(t, k), 0);
      const next = where(meets, lerp(start, fast, α), start);
      return { ...state, θ: where(meets, next, fast), slow: next };
    },
    ...(rule.observe && { observe: (context) => rule.observe!(context) }),
  });
}
