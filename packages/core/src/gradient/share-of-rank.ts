import type { Communicator } from "../contract/communicator.ts";
import { ShapeError } from "../contract/errors.ts";
import { showShape } from "../contract/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { rebuild, tensorsIn, type MapTree, type Tree } from "../graph/tree.ts";
import { slice } from "../ops/layout/movement.ts";

/**
 * The rows of a batch that belong to this process: equal parts of the first axis, in the order of the ranks.
 *
 *   rank r of n has the rows from r · rows / n up to (r + 1) · rows / n
 *
 * With one process it changes nothing. Every process has the whole batch, of which this is a view in the graph.
 *
 * @throws ShapeError for a tensor without rows, and if the rows cannot be divided equally
 * @example shareOfRank(tensor([1, 2]), alone) // [1, 2]
 */
export function shareOfRank<S extends Tree>(batch: S, { rank, size }: Communicator): MapTree<S, Tensor> {
  const tensors = tensorsIn(batch);
  if (size === 1) return rebuild(batch, tensors);
  const unfit = tensors.find(({ shape }) => shape.length === 0 || shape[0]! % size !== 0);
  if (unfit !== undefined)
    throw new ShapeError(
      `shareOfRank: a tensor of shape ${showShape(unfit.shape)} cannot be divided among ${size} processes\n` +
        `  choose a batch that is a multiple of ${size}, or another number of processes`,
    );
  return rebuild(
    batch,
    tensors.map((tensor) => {
      const rows = tensor.shape[0]! / size;
      return slice(tensor, [[rank * rows, (rank + 1) * rows]]);
    }),
  );
}
