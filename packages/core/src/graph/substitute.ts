import { record } from "./op.ts";
import type { Tensor } from "./tensor.ts";
import { topological } from "./walk.ts";

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
    if (stops.has(tensor) || tensor.inputs.length === 0) continue;
    const inputs = tensor.inputs.map(image);
    if (inputs.some((x, i) => x !== tensor.inputs[i])) replaced.set(tensor, recordAgain(tensor, inputs));
  }
  return outputs.map(image);
}

function recordAgain(tensor: Tensor, inputs: readonly Tensor[]): Tensor {
  if (tensor.body === undefined) return record(tensor.op, inputs, tensor.attributes);
  // A loop's body refers to what it captured by identity, so it is recorded again, too.
  const count = tensor.body.captured.length;
  const body = tensor.body.withCaptured(inputs.slice(0, count));
  return record(
    tensor.op,
    [...body.captured, ...inputs.slice(count)],
    { ...tensor.attributes, captured: body.captured.length },
    body,
  );
}
