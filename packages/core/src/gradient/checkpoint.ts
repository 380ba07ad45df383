import { isFloating } from "../contract/dtype.ts";
import { Closure, substitute } from "../graph/closure.ts";
import { isLeaf, leaf } from "../graph/leaf.ts";
import { newestNode } from "../graph/node.ts";
import { record, type OpDefinition } from "../graph/op.ts";
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import { toTensor } from "../ops/family.ts";
import { backpropagate } from "./backpropagate.ts";

const barrierOp: OpDefinition = {
  name: "barrier",
  infer: ([x]) => x!,
  gradient: (g) => [g, undefined],
  unshared: true,
};

/**
 * The same tensor, computed only when `after` has been computed: what is made of it is not shared with what was made of
 * the tensor before.
 */
export function barrier(x: Tensor, after: Tensor): Tensor {
  return record(barrierOp, [x, after]);
}

/**
 * The same function, whose intermediate results are not kept for the backward pass but computed again there: memory for
 * time. Random draws are reused, so the losses are the same. Chen et al. 2016, arXiv:1604.06174.
 *
 * @example checkpoint((x) => x.exp().log())(tensor([1, 2]))  // [1, 2]
 */
export function checkpoint(fn: (...inputs: Tensor[]) => Tensor): (...inputs: TensorLike[]) => Tensor {
  return (...inputs) => {
    const xs = inputs.map((x) => toTensor(x));
    const before = newestNode();
    const placeholders = xs.map((x) => leaf(x.shape, x.dtype));
    const closure = new Closure(placeholders, [fn(...placeholders)]);
    const outside = [...xs, ...closure.captured];
    const inside = [...placeholders, ...closure.captured];
    const op: OpDefinition = {
      name: "checkpoint",
      infer: ([y]) => y!,
      alias: true,
      gradient: (g, [, ...sources]) => {
        // What was handed in, or computed outside, is held back until g is there; parameters, draws and what fn makes
        // of these need no guard.
        const guarded = (x: Tensor, i: number) =>
          isFloating(x.dtype) && (i < xs.length || (x.node.id <= before && !isLeaf(x)));
        const again = sources.map((x, i) => (guarded(x, i) ? barrier(x, g) : x));
        const [y] = substitute(closure.outputs, inside, again);
        return [undefined, ...backpropagate([y!], [g], again, new Set(again))];
      },
    };
    return record(op, [...substitute(closure.outputs, placeholders, xs), ...outside]);
  };
}
