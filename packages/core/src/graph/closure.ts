import { record } from "./op.ts";
import type { Tensor } from "./tensor.ts";
import { topological } from "./walk.ts";

let nextClosure = 0;

/** A part of a graph cut out as a function: from `placeholders`, and from `captured` tensors outside, to `outputs`. */
export class Closure {
  /** Equal for closures made of the same tensors. */
  readonly id: number = nextClosure++;
  readonly placeholders: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** What the outputs use that no placeholder leads to, found from outside in. */
  readonly captured: readonly Tensor[];

  constructor(placeholders: readonly Tensor[], outputs: readonly Tensor[]) {
    this.placeholders = placeholders;
    this.outputs = outputs;
    this.captured = capturedBy(placeholders, outputs);
  }

  /** The same function of other captured tensors. */
  withCaptured(captured: readonly Tensor[]): Closure {
    if (captured.every((tensor, i) => tensor === this.captured[i])) return this;
    return new Closure(this.placeholders, substitute(this.outputs, this.captured, captured, this.placeholders));
  }
}

function capturedBy(placeholders: readonly Tensor[], outputs: readonly Tensor[]): readonly Tensor[] {
  const inside = new Set(placeholders);
  const order = topological(outputs, inside);
  for (const tensor of order) if (tensor.node.inputs.some((x) => inside.has(x))) inside.add(tensor);
  const captured = new Set<Tensor>();
  const consider = (tensor: Tensor) => {
    if (!inside.has(tensor) && tensor.node.op.name !== "constant") captured.add(tensor);
  };
  for (const tensor of order)
    if (inside.has(tensor) && !placeholders.includes(tensor)) tensor.node.inputs.forEach(consider);
  outputs.forEach(consider);
  return [...captured];
}

/**
 * The outputs recorded again with some tensors replaced by others of the same type; `boundary` tensors are not looked
 * behind.
 */
export function substitute(
  outputs: readonly Tensor[],
  from: readonly Tensor[],
  to: readonly Tensor[],
  boundary: readonly Tensor[] = [],
): Tensor[] {
  const replaced = new Map<Tensor, Tensor>();
  for (const [i, tensor] of from.entries()) replaced.set(tensor, to[i]!);
  const stops = new Set([...from, ...boundary]);
  const image = (tensor: Tensor) => replaced.get(tensor) ?? tensor;
  for (const tensor of topological(outputs, stops)) {
    if (stops.has(tensor) || tensor.node.inputs.length === 0) continue;
    const inputs = tensor.node.inputs.map(image);
    if (inputs.some((x, i) => x !== tensor.node.inputs[i])) replaced.set(tensor, recordAgain(tensor, inputs));
  }
  return outputs.map(image);
}

function recordAgain(tensor: Tensor, inputs: readonly Tensor[]): Tensor {
  if (tensor.node.body === undefined) return record(tensor.node.op, inputs, tensor.node.attributes);
  // A loop's body refers to what it captured by identity, so it is recorded again, too.
  const count = tensor.node.body.captured.length;
  const body = tensor.node.body.withCaptured(inputs.slice(0, count));
  return record(
    tensor.node.op,
    [...body.captured, ...inputs.slice(count)],
    { ...tensor.node.attributes, captured: body.captured.length },
    body,
  );
}
