import type { Tensor } from "./tensor.ts";

/** Every tensor that the roots depend on, each after its inputs; `boundary` tensors are included and not looked behind. Iterative: depth is no limit. */
export function topological(roots: readonly Tensor[], boundary?: ReadonlySet<Tensor>): Tensor[] {
  const seen = new Set<Tensor>();
  const order: Tensor[] = [];
  const stack: Tensor[] = [];
  const next: number[] = [];
  for (const root of roots) {
    if (seen.has(root)) continue;
    seen.add(root);
    stack.push(root);
    next.push(0);
    while (stack.length > 0) {
      const top = stack.length - 1;
      const tensor = stack[top]!;
      const i = next[top]!;
      if (i < tensor.inputs.length && boundary?.has(tensor) !== true) {
        next[top] = i + 1;
        const input = tensor.inputs[i]!;
        if (!seen.has(input)) {
          seen.add(input);
          stack.push(input);
          next.push(0);
        }
      } else {
        order.push(tensor);
        stack.pop();
        next.pop();
      }
    }
  }
  return order;
}
