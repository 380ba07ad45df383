import { leaf } from "../graph/leaf.ts";
import type { DType, Shape } from "../contract/dtype.ts";
import type { Tensor } from "../graph/tensor.ts";

/** A random draw made inside a loop: drawn before it, for all steps at once. */
export interface LoopDraw {
  readonly stacked: Tensor;
  readonly slice: Tensor;
}

interface Loop {
  readonly length: number;
  readonly draws: LoopDraw[];
}

const loops: Loop[] = [];

/** Runs the trace of a loop's body and collects the draws that it makes. */
export function collectDraws<R>(
  length: number,
  body: () => R,
): { readonly result: R; readonly draws: readonly LoopDraw[] } {
  const loop: Loop = { length, draws: [] };
  loops.push(loop);
  try {
    return { result: body(), draws: loop.draws };
  } finally {
    loops.pop();
  }
}

/** Draws now, or, inside a loop, before the loop for every step. */
export function drawInPlace(shape: Shape, dtype: DType, draw: (shape: Shape) => Tensor): Tensor {
  const loop = loops.pop();
  if (loop === undefined) return draw(shape);
  try {
    const stacked = drawInPlace([loop.length, ...shape], dtype, draw);
    const slice = leaf(shape, dtype);
    loop.draws.push({ stacked, slice });
    return slice;
  } finally {
    loops.push(loop);
  }
}
