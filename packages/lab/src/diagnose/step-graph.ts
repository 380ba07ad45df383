import type { Cell, Tensor } from "@ansatz/core";
import { isFloating, type PendingRun } from "@ansatz/core/plugin";

/** The graph of one training step, by its parts. */
export interface StepGraph {
  /** Everything that the losses depend on, each tensor after its inputs. */
  readonly forward: readonly Tensor[];
  /** Everything else that the gradients depend on. */
  readonly backward: readonly Tensor[];
  /** The scalars that the run computes; the loss is one of them. */
  readonly losses: readonly Tensor[];
  /**
   * For each parameter that the step changes: its value before the step, and its gradient before clipping or anything
   * else changes it.
   */
  readonly parameters: readonly { readonly name: string; readonly value: Tensor; readonly gradient: Tensor }[];
}

/** The step graph of a run that trains parameters; undefined for any other run. */
export function stepGraphOf({ outputs, updates }: PendingRun, names: ReadonlyMap<Cell, string>): StepGraph | undefined {
  if (!updates.some(({ cell }) => names.has(cell))) return undefined;
  const all = inOrder([...outputs, ...updates.map(({ value }) => value)], new Set());
  const values = new Map<Cell, Tensor>();
  const gradients = new Map<Cell, Tensor>();
  for (const tensor of all) {
    if (tensor.node.source?.kind === "cell") values.set(tensor.node.source.cell, tensor);
    const owner = tensor.node.gradientOf;
    if (owner !== undefined && !gradients.has(owner)) gradients.set(owner, tensor);
  }
  const losses = outputs.filter((output) => output.size === 1 && isFloating(output.dtype));
  const seen = new Set<Tensor>();
  const forward = inOrder(losses, seen);
  const parameters = [...names].flatMap(([cell, name]) => {
    const [value, gradient] = [values.get(cell), gradients.get(cell)];
    return value === undefined || gradient === undefined ? [] : [{ name, value, gradient }];
  });
  return {
    forward,
    backward: inOrder(
      parameters.map(({ gradient }) => gradient),
      seen,
    ),
    losses,
    parameters,
  };
}

/**
 * Everything that the roots depend on and that was not seen yet, each tensor after its inputs. Not recursive, so depth
 * is no limit.
 */
function inOrder(roots: readonly Tensor[], seen: Set<Tensor>): Tensor[] {
  const order: Tensor[] = [];
  const stack = roots.map((tensor) => ({ tensor, next: 0 })).toReversed();
  while (stack.length > 0) {
    const top = stack.at(-1)!;
    if (top.next === 0 && seen.has(top.tensor)) {
      stack.pop();
      continue;
    }
    seen.add(top.tensor);
    const input = top.tensor.node.inputs[top.next++];
    if (input === undefined) {
      order.push(top.tensor);
      stack.pop();
    } else if (!seen.has(input)) stack.push({ tensor: input, next: 0 });
  }
  return order;
}
