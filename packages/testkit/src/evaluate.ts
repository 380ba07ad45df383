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

/** A computed tensor with its values on the host. */
export interface Evaluated {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: TypedArray;
}

/** Builds tensors, computes them together on a backend, and frees them there. */
export async function evaluateOn(backend: Backend, build: () => readonly Tensor[]): Promise<Evaluated[]> {
  await use(backend);
  const tensors = build();
  await realize(...tensors);
  const results: Evaluated[] = [];
  for (const result of tensors) results.push({ shape: result.shape, dtype: result.dtype, data: await result.data() });
  for (const result of new Set(tensors)) result.dispose();
  return results;
}

/** A scalar that depends on every element of every result, each with a different weight. */
export function contract(results: readonly Tensor[], dtype: DType): Tensor {
  const terms = results.map((result) => {
    const values = isFloating(result.dtype) ? result : cast(result, dtype);
    const weights = Float64Array.from({ length: result.size }, (_, position) => Math.cos(1 + position));
    return sum(mul(cast(values, dtype), tensor(weights, { shape: result.shape, dtype })));
  });
  return terms.reduce((total, term) => add(total, term));
}

/**
 * Gradients of every order up to `orders`, one list for each: first of the contracted results, then of the contracted
 * gradients of the order before. The gradient is zero for an input that the results do not depend on.
 */
export function gradients(
  results: readonly Tensor[],
  inputs: readonly Tensor[],
  dtype: DType,
  orders: number,
): (readonly Tensor[])[] {
  const targets = inputs.filter((input) => isFloating(input.dtype) && input.size > 0);
  if (targets.length === 0) return [];
  const byOrder: (readonly Tensor[])[] = [];
  let current = results;
  for (let order = 1; order <= orders; order++) {
    // Adding 0 times every input makes each of them reachable, even if the results do not depend on it.
    const reached = targets.map((target) => mul(sum(target), 0));
    current = grad(
      [contract(current, dtype), ...reached].reduce((total, term) => add(total, term)),
      targets,
    );
    byOrder.push(current);
  }
  return byOrder;
}
