import { isFloating } from "../contract/dtype.ts";
import { whileBypassing } from "../graph/op.ts";
import { newestNode } from "../graph/node.ts";
import type { Tensor } from "../graph/tensor.ts";
import { add } from "../ops/elementwise/arithmetic.ts";
import { sumTo } from "../ops/reduction/sum-to.ts";
import { joinSlices } from "./join-slices.ts";
import { topological } from "../graph/walk.ts";
import { gradientWatcher } from "./watch-gradients.ts";

type Adjoint = Tensor | undefined;

/**
 * Reverse-mode differentiation: the gradient of each target, given the gradients of the outputs.
 *
 * Undefined for a target that nothing differentiable leads to. `boundary` tensors are not looked behind. The result is
 * a graph like any other, so gradients of gradients need nothing more.
 */
export function backpropagate(
  outputs: readonly Tensor[],
  cotangents: readonly Adjoint[],
  targets: readonly Tensor[],
  boundary?: ReadonlySet<Tensor>,
): Adjoint[] {
  return whileBypassing(newestNode() + 1, () => walkBack(outputs, cotangents, targets, boundary));
}

function walkBack(
  outputs: readonly Tensor[],
  cotangents: readonly Adjoint[],
  targets: readonly Tensor[],
  boundary?: ReadonlySet<Tensor>,
): Adjoint[] {
  const order = topological(outputs, boundary);
  const needed = leadingTo(order, targets, boundary);
  const watcher = gradientWatcher();
  const contributions = new Map<Tensor, { readonly gradients: Tensor[]; last: Tensor }>();
  const partAdjoints = new Map<Tensor, Adjoint[]>();
  const accumulate = (tensor: Tensor, g: Adjoint, from: Tensor) => {
    if (g === undefined || !needed.has(tensor)) return;
    const before = contributions.get(tensor);
    if (before === undefined) contributions.set(tensor, { gradients: [g], last: from });
    else {
      before.gradients.push(g);
      before.last = from;
    }
  };
  const adjoint = (tensor: Tensor): Adjoint => {
    const own = contributions.get(tensor);
    if (own === undefined || own.gradients.length === 1) return own?.gradients[0];
    const before = newestNode();
    const total = joinSlices(own.gradients).reduce((a, b) => add(a, b));
    watcher?.(own.last, before, newestNode());
    contributions.set(tensor, { gradients: [total], last: own.last });
    return total;
  };
  for (const [i, output] of outputs.entries()) accumulate(output, cotangents[i], output);
  for (let i = order.length - 1; i >= 0; i--) {
    const tensor = order[i]!;
    const before = newestNode();
    if (!needed.has(tensor) || boundary?.has(tensor) === true || tensor.node.inputs.length === 0) continue;
    if (tensor.node.parts !== undefined) {
      const gs = partAdjoints.get(tensor);
      if (gs !== undefined) spread(tensor, partsRule(tensor, gs), accumulate);
      watcher?.(tensor, before, newestNode());
      continue;
    }
    const g = adjoint(tensor);
    if (g === undefined) continue;
    if (tensor.node.op.name === "part") {
      const owner = tensor.node.inputs[0]!;
      let gs = partAdjoints.get(owner);
      if (gs === undefined) partAdjoints.set(owner, (gs = owner.node.parts!.map(() => undefined)));
      gs[tensor.node.attributes.index as number] = g;
    } else spread(tensor, rule(tensor, g, needed), accumulate);
    watcher?.(tensor, before, newestNode());
  }
  return targets.map(adjoint);
}

/** The tensors through which a gradient flows to some target. */
function leadingTo(
  order: readonly Tensor[],
  targets: readonly Tensor[],
  boundary?: ReadonlySet<Tensor>,
): ReadonlySet<Tensor> {
  const needed = new Set(targets);
  for (const tensor of order) {
    if (boundary?.has(tensor) === true) continue;
    for (const x of tensor.node.inputs) {
      if (!needed.has(x)) continue;
      if (tensor.node.parts !== undefined || isFloating(tensor.dtype)) needed.add(tensor);
      break;
    }
  }
  return needed;
}

/** Hands each input its gradient, summed back over the axes along which it was stretched. */
function spread(
  tensor: Tensor,
  gradients: readonly Adjoint[],
  accumulate: (tensor: Tensor, g: Adjoint, from: Tensor) => void,
): void {
  for (const [i, g] of gradients.entries()) {
    const x = tensor.node.inputs[i];
    if (g !== undefined && x !== undefined && isFloating(x.dtype)) accumulate(x, sumTo(g, x.shape), tensor);
  }
}

function rule(tensor: Tensor, g: Tensor, needed: ReadonlySet<Tensor>): readonly Adjoint[] {
  const { op, inputs, attributes } = tensor.node;
  if (op.gradient !== undefined) return op.gradient(g, inputs, tensor, attributes);
  if (op.expand === undefined) return [];
  return backpropagate(
    [op.expand(inputs, attributes) as Tensor],
    [g],
    inputs,
    new Set(inputs.filter((x) => needed.has(x))),
  );
}

function partsRule(tensor: Tensor, gs: readonly Adjoint[]): readonly Adjoint[] {
  return tensor.node.op.partsGradient?.(gs, tensor.node.inputs, tensor, tensor.node.attributes) ?? [];
}
