import { substitute } from "./substitute.ts";
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
  for (const tensor of order) if (tensor.inputs.some((x) => inside.has(x))) inside.add(tensor);
  const captured = new Set<Tensor>();
  const consider = (tensor: Tensor) => {
    if (!inside.has(tensor) && tensor.op.name !== "constant") captured.add(tensor);
  };
  for (const tensor of order) if (inside.has(tensor) && !placeholders.includes(tensor)) tensor.inputs.forEach(consider);
  outputs.forEach(consider);
  return [...captured];
}
