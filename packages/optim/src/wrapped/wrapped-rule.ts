import { ArgumentError } from "@ansatz/core";
import type { AnyUpdateRule, HyperOf, UpdateRule } from "@ansatz/core/plugin";

/** The hyper-parameters of a wrapped rule, and those of what is around it. */
export type WrappedRule<Rule extends AnyUpdateRule, Own extends string> = UpdateRule<
  (keyof HyperOf<Rule> & string) | Own,
  string
>;

/** Both sets of hyper-parameters as one. @throws ArgumentError when they share a name */
export function wrappedHyper<Rule extends AnyUpdateRule, Own extends string>(
  around: string,
  rule: Rule,
  own: Readonly<Record<Own, number>>,
): WrappedRule<Rule, Own>["hyper"] {
  const shared = Object.keys(own).find((name) => name in rule.hyper);
  if (shared !== undefined)
    throw new ArgumentError(
      `${around}: ${rule.name} has a hyper-parameter "${shared}" of its own\n  wrap a rule that has none of that name`,
    );
  return { ...rule.hyper, ...own } as WrappedRule<Rule, Own>["hyper"];
}
