import type { Tensor } from "./tensor.ts";

let walks = 0;

/**
 * Every tensor that the roots depend on, each after its inputs, by way of what `follow` makes of an input; `boundary`
 * tensors are included, but not what they depend on. Iterative, so depth doesn't matter.
 */
export function topological(
  roots: readonly Tensor[],
  boundary?: ReadonlySet<Tensor>,
  follow?: (input: Tensor) => Tensor,
): Tensor[] {
  const walk = ++walks;
  const order: Tensor[] = [];
  const stack: Tensor[] = [];
  const enter = (tensor: Tensor) => {
    if (tensor.node.walk === walk) return;
    tensor.node.walk = walk;
    tensor.node.position = 0; // of the input to look at next
    stack.push(tensor);
  };
  for (const root of roots) {
    enter(root);
    while (stack.length > 0) {
      const tensor = stack[stack.length - 1]!;
      if (tensor.node.position < tensor.node.inputs.length && boundary?.has(tensor) !== true) {
        const input = tensor.node.inputs[tensor.node.position++]!;
        enter(follow === undefined ? input : follow(input));
      } else {
        order.push(tensor);
        stack.pop();
      }
    }
  }
  return order;
}
