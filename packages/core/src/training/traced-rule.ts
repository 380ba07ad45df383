import { ArgumentError, DTypeError, ShapeError } from "../contract/errors.ts";
import { sameShape, showShape } from "../contract/shape.ts";
import type { TensorType } from "../contract/dtype.ts";
import { Closure } from "../graph/closure.ts";
import { leaf } from "../graph/leaf.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { AnyUpdateRule } from "./update-rule.ts";

/** What is done with a rule: an update or an observation. */
export type Apply = (
  rule: AnyUpdateRule,
  context: Record<string, Tensor>,
  value: Tensor,
) => Readonly<Record<string, Tensor | undefined>>;

/** A rule recorded once, for parameters of one type: what it computes, and of which parts of the state. */
export interface TracedRule {
  readonly body: Closure;
  readonly names: readonly string[];
}

/**
 * Records a rule on placeholders: of the parameter, the gradient or observation, the scalars by name, and the state.
 *
 * @throws ArgumentError, ShapeError or DTypeError when what the rule returns does not fit its state
 */
export function traceRule(
  rule: AnyUpdateRule,
  apply: Apply,
  parameter: TensorType,
  value: TensorType,
  scalars: readonly string[],
  state: Readonly<Record<string, TensorType>>,
): TracedRule {
  const stands = ({ shape, dtype }: TensorType) => leaf(shape, dtype);
  const [θ, given] = [stands(parameter), stands(value)];
  const settings = scalars.map((name) => [name, leaf([], parameter.dtype)] as const);
  const moments = Object.entries(state).map(([name, type]) => [name, stands(type)] as const);
  const next = apply(rule, { ...Object.fromEntries([...settings, ...moments]), θ }, given);
  const results = Object.entries(next).flatMap(([name, result]) =>
    result === undefined ? [] : [[name, result] as const],
  );
  for (const [name, result] of results) check(rule, name, result, name === "θ" ? parameter : state[name]);
  const placeholders = [θ, given, ...settings.map(([, scalar]) => scalar), ...moments.map(([, moment]) => moment)];
  return {
    body: new Closure(
      placeholders,
      results.map(([, result]) => result),
    ),
    names: results.map(([name]) => name),
  };
}

function check(rule: AnyUpdateRule, name: string, result: Tensor, wanted: TensorType | undefined): void {
  if (wanted === undefined)
    throw new ArgumentError(`${rule.name}: it returns "${name}", which isn't part of its state`);
  if (!sameShape(result.shape, wanted.shape))
    throw new ShapeError(
      `${rule.name}: "${name}" is ${showShape(wanted.shape)} but its next value is ${showShape(result.shape)}`,
    );
  if (result.dtype !== wanted.dtype)
    throw new DTypeError(
      `${rule.name}: "${name}" is ${wanted.dtype} but its next value is ${result.dtype}\n` +
        "  make the state in the parameter's dtype: zerosLike(θ), or zeros(shape, { dtype: θ.dtype })",
    );
}
