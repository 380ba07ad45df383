import { ArgumentError } from "@ansatz/core";
import type { AnyUpdateRule, HyperOf, UpdateRule } from "@ansatz/core/plugin";

/** A rule with the hyper-parameters of the wrapped rule and those of its wrapper. */
export type WrappedRule<Rule extends AnyUpdateRule, Own extends string> = UpdateRule<
  (keyof HyperOf<Rule> & string) | Own,
  string
>;

/** Both sets of hyper-parameters together. @throws ArgumentError if they share a name */
export function wrappedHyper<Rule extends AnyUpdateRule, Own extends string>(
  around: string,
  rule: Rule,
  own: Readonly<Record<Own, number>>,
): WrappedRule<Rule, Own>["hyper"] {
  const shared = Object.keys(own).find((name) => name in rule.hyper);
  if (shared !== undefined)
    throw new ArgumentError(
      `${around}: ${rule.name} already has a hyper-parameter "${shared}"\n  wrap a rule without one of that name`,
    );
  return { ...rule.hyper, ...own } as WrappedRule<Rule, Own>["hyper"];
}
