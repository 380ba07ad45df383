import {
  add,
  cast,
  grad,
  mul,
  realize,
  sum,
  tensor,
  use,
  type DType,
  type Shape,
  type Tensor,
  type TypedArray,
} from "@ansatz/core";
import { isFloating, type Backend } from "@ansatz/core/plugin";

/** A computed tensor, as the host sees it. */
export interface Evaluated {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: TypedArray;
}

/** Builds tensors and computes them together on a backend; nothing stays there. */
export async function evaluate(backend: Backend, build: () => readonly Tensor[]): Promise<Evaluated[]> {
  await use(backend);
  const tensors = build();
  await realize(...tensors);
  const results: Evaluated[] = [];
  for (const result of tensors) results.push({ shape: result.shape, dtype: result.dtype, data: await result.data() });
  for (const result of new Set(tensors)) result.dispose();
  return results;
}

/** A scalar that every element of every result bears on, each with a weight of its own. */
export function contract(results: readonly Tensor[], dtype: DType): Tensor {
  const terms = results.map((result) => {
    const values = isFloating(result.dtype) ? result : cast(result, dtype);
    const weights = Float64Array.from({ length: result.size }, (_, position) => Math.cos(1 + position));
    return sum(mul(cast(values, dtype), tensor(weights, { shape: result.shape, dtype })));
  });
  return terms.reduce((total, term) => add(total, term));
}

/**
 * The gradient of the contracted results, and of the contracted gradient again, and so on: one list for each order.
 * An input that a result does not depend on has a gradient of zero.
 */
export function gradients(
  results: readonly Tensor[],
  inputs: readonly Tensor[],
  dtype: DType,
  orders: number,
): (readonly Tensor[])[] {
  const targets = inputs.filter((input) => isFloating(input.dtype) && input.size > 0);
  if (targets.length === 0) return [];
  const orderly: (readonly Tensor[])[] = [];
  let current = results;
  for (let order = 1; order <= orders; order++) {
    // Every input takes part, so that none is unreachable where a gradient does not depend on it.
    const reached = targets.map((target) => mul(sum(target), 0));
    current = grad(
      [contract(current, dtype), ...reached].reduce((total, term) => add(total, term)),
      targets,
    );
    orderly.push(current);
  }
  return orderly;
}
