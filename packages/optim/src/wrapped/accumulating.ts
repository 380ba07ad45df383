import { add, div, equal, floor, mul, remainder, sub, where, zerosLike, type Tensor } from "@ansatz/core";
import { updateRule, type AnyUpdateRule } from "@ansatz/core/plugin";
import { wrappedHyper, type WrappedRule } from "./wrapped-rule.ts";

/**
 * Gradient accumulation around a rule: every k steps it uses the mean of k gradients, as from one batch k times as
 * large.
 *
 *   G ← G + g      every k steps: θ ← rule(θ, G / k), G ← 0
 *
 * k is `every`. Schedules count each gradient as a step; the rule counts only its own updates.
 *
 * @throws ArgumentError if the rule has a hyper-parameter of the same name
 * @example accumulating(adamw).hyper.every  // 4
 */
export function accumulating<Rule extends AnyUpdateRule>(rule: Rule): WrappedRule<Rule, "every"> {
  return updateRule({
    name: `accumulating-${rule.name}`,
    spec: 1,
    hyper: wrappedHyper("accumulating", rule, { every: 4 }),
    state: (θ) => ({ ...rule.state(θ), accumulated: zerosLike(θ) }),
    update: (context) => {
      const {
        θ,
        g,
        accumulated,
        step: t,
        every: k,
      } = context as Readonly<Record<"θ" | "g" | "accumulated" | "step" | "every", Tensor>>;
      const total = add(accumulated, g);
      const full = equal(remainder(t, k), 0);
      const next = rule.update({ ...context, g: div(total, k), step: floor(div(add(t, sub(k, 1)), k)) });
      const moved = Object.entries(next).map(([name, value]) => {
        const before = (context as Readonly<Record<string, Tensor>>)[name]!;
        return [name, value === undefined ? before : where(full, value, before)] as const;
      });
      return { θ, ...Object.fromEntries(moved), accumulated: mul(total, where(full, 0, 1)) };
    },
  });
}
