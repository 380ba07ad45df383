import type { Tensor } from "../graph/tensor.ts";
import { concat } from "../ops/layout/joining.ts";
import { pad } from "../ops/layout/movement.ts";

/**
 * Gradients of one tensor, with those of neighbouring slices joined into one: what would be surrounded by zeros and
 * added up is put side by side. The sum is the same.
 */
export function joinSlices(gradients: readonly Tensor[]): readonly Tensor[] {
  const slices = gradients.map(sliceOf).filter((slice) => slice !== undefined);
  const joined = new Set(slices.map(({ whole }) => whole));
  const others = gradients.filter((g) => !joined.has(g));
  const [first, ...rest] = slices.toSorted((a, b) => a.axis - b.axis || a.start - b.start);
  if (first === undefined) return others;
  let run = [first];
  const found = [...others];
  for (const slice of rest) {
    const last = run.at(-1)!;
    if (slice.axis === last.axis && slice.start === last.end) run.push(slice);
    else {
      found.push(side(run));
      run = [slice];
    }
  }
  return [...found, side(run)];
}

/** The gradient of a slice along one axis, from `start` to before `end`, and the same among zeros. */
interface Slice {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly gradient: Tensor;
  readonly whole: Tensor;
}

function sliceOf(whole: Tensor): Slice | undefined {
  const { op, attributes, inputs } = whole.node;
  if (op.name !== "pad" || attributes.value !== 0) return undefined;
  const { before, after, interior } = attributes as unknown as Record<string, readonly number[]>;
  const axes = whole.shape.flatMap((_, i) => (before![i]! > 0 || after![i]! > 0 ? [i] : []));
  const [axis] = axes;
  if (axis === undefined || axes.length > 1 || interior!.some((width) => width > 0)) return undefined;
  return { axis, start: before![axis]!, end: whole.shape[axis]! - after![axis]!, gradient: inputs[0]!, whole };
}

function side(run: readonly Slice[]): Tensor {
  const [{ axis, start, whole }, { end }] = [run[0]!, run.at(-1)!];
  if (run.length === 1) return whole;
  return pad(
    concat(
      run.map(({ gradient }) => gradient),
      axis,
    ),
    whole.shape.map((length, i) => (i === axis ? [start, length - end] : [0, 0])),
  );
}
