import { ArgumentError } from "../contract/errors.ts";
import type { Tensor } from "../graph/tensor.ts";

/**
 * What a rule is given: the parameter θ, its state, and every hyper-parameter as a 0-d tensor, by the paper's names.
 */
export type UpdateContext<Hyper extends string, State extends string> = Readonly<
  Record<Hyper | State | "θ" | "learningRate" | "step", Tensor>
>;

/** What a rule returns: the next θ, and the next value of each part of the state that changes. */
export type UpdateResult<State extends string> = Readonly<{ [Name in State]?: Tensor } & { θ?: Tensor }>;

/**
 * How one parameter is updated: pure, in the paper's own letters, recorded into the same graph as the step.
 *
 * `step` counts the parameter's own updates, from 1. Those that it missed while it was frozen do not count, so that
 * what starts at `step` 1, or is corrected by it, fits the state. The contract's version is `spec`.
 */
export interface UpdateRule<Hyper extends string, State extends string> {
  readonly name: string;
  readonly spec: 1;
  /** Hyper-parameters and their defaults. */
  readonly hyper: Readonly<Record<Hyper, number>>;
  /** The initial state of a parameter. */
  readonly state: (θ: Tensor) => Readonly<Record<State, Tensor>>;
  readonly update: (context: UpdateContext<Hyper, State> & { readonly g: Tensor }) => UpdateResult<State>;
  /** What an observation changes, for rules that need more than a gradient. */
  readonly observe?: (context: UpdateContext<Hyper, State> & { readonly observation: Tensor }) => UpdateResult<State>;
}

/** Any rule, whatever its hyper-parameters and state. */
export interface AnyUpdateRule {
  readonly name: string;
  readonly spec: 1;
  readonly hyper: Readonly<Record<string, number>>;
  readonly state: (θ: Tensor) => Readonly<Record<string, Tensor>>;
  update(context: Readonly<Record<string, Tensor>>): Readonly<Record<string, Tensor | undefined>>;
  observe?(context: Readonly<Record<string, Tensor>>): Readonly<Record<string, Tensor | undefined>>;
}

/** The hyper-parameters of a rule. */
export type HyperOf<Rule extends AnyUpdateRule> = Rule["hyper"];

const reserved = ["θ", "g", "learningRate", "step", "observation"];

/**
 * Defines an update rule.
 *
 * @throws ArgumentError when a hyper-parameter or a part of the state takes a name that the contract uses
 * @example updateRule({
 *   name: "sgd",
 *   spec: 1,
 *   hyper: {},
 *   state: () => ({}),
 *   update: ({ θ, g, learningRate }) => ({ θ: θ.sub(learningRate.mul(g)) }),
 * }).name // sgd
 */
export function updateRule<Hyper extends string, State extends string>(
  rule: UpdateRule<Hyper, State>,
): UpdateRule<Hyper, State> {
  const clash = Object.keys(rule.hyper).find((name) => reserved.includes(name));
  if (clash !== undefined)
    throw new ArgumentError(
      `updateRule: ${rule.name} names a hyper-parameter "${clash}", which the contract uses\n  choose another name`,
    );
  return rule;
}
