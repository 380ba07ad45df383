import type { Tensor } from "../../graph/tensor.ts";
import { reshape } from "../layout/movement.ts";
import { sum } from "./reduction.ts";

/** A gradient summed back to the shape of an operand that was stretched by broadcasting. */
export function sumTo(g: Tensor, shape: readonly number[]): Tensor {
  if (g.shape.length === shape.length && g.shape.every((length, i) => length === shape[i])) return g;
  const leading = g.rank - shape.length;
  const axes: number[] = [];
  for (let i = 0; i < g.rank; i++) if (i < leading || (shape[i - leading] === 1 && g.shape[i] !== 1)) axes.push(i);
  return reshape(sum(g, axes), shape);
}
