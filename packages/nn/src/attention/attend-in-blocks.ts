import {
  ArgumentError,
  attention,
  checkpoint,
  concat,
  customGradient,
  input,
  iota,
  ShapeError,
  slice,
  split,
  vjp,
  type AttentionOptions,
  type SliceRange,
  type Tensor,
  type TensorLike,
} from "@ansatz/core";
import { showShape, toTensor } from "@ansatz/core/plugin";

export interface BlockOptions extends Omit<AttentionOptions, "transformWeights"> {
  /** The number of queries that are computed at once. Default: 256. */
  readonly block?: number;
  /** The bias of some queries, from the position `first` on, and of the first keys, if it is too large as a whole. */
  readonly biasOf?: (first: Tensor, queries: number, keys: number) => Tensor;
  /** Factors of the weights of some queries and of the first keys, drawn once, such as dropout's. */
  readonly factorsOf?: (queries: number, keys: number) => Tensor;
}

/**
 * Exact attention in memory that grows with the length: queries in blocks, each with only the keys that it may look at,
 * and computed again in the backward pass. The result is that of core's `attention`. Dao et al. 2022, arXiv:2205.14135,
 * whose tiles also divide the keys; here a block has whole rows of scores, so that its softmax is the usual one.
 *
 * query [..., queries, features], key [..., keys, features], value [..., keys, outputs] give [..., queries, outputs].
 * Beyond inputs and result, the memory is that of one block, block · keys.
 *
 * @throws ShapeError if causal queries and keys differ in number; ArgumentError unless the block is a whole number
 * @example attendInBlocks(zeros([1, 2]), zeros([2, 2]), tensor([[1], [3]]))  // [[2]]
 */
export function attendInBlocks(
  query: TensorLike,
  key: TensorLike,
  value: TensorLike,
  options: BlockOptions = {},
): Tensor {
  const { block = 256, causal = false, mask, bias, biasOf, factorsOf, scale } = options;
  if (!Number.isInteger(block) || block < 1)
    throw new ArgumentError(`attendInBlocks: block is ${String(block)}\n  use a whole number, 1 or more`);
  const [q, k, v] = [toTensor(query), toTensor(key), toTensor(value)];
  const [queries, keys] = [q.shape.at(-2)!, k.shape.at(-2)!];
  if (causal && queries !== keys)
    throw new ShapeError(
      `attendInBlocks: causal needs as many queries as keys, but the query is ${showShape(q.shape)} ` +
        `and the key is ${showShape(k.shape)}\n  pass a mask instead`,
    );
  const inputs = [q, k, v, ...(bias === undefined ? [] : [toTensor(bias)])];
  // A constant mask would be kept for each block, all together as large as the scores. This 0 is known only at run time
  // and goes through the checkpoint, so that masks are made when they are needed.
  const origin = input(0, { dtype: q.dtype });
  const quarter = Math.ceil(keys / 4);
  const blocks = Array.from({ length: Math.ceil(queries / block) }, (_, i) => {
    const [start, end] = [i * block, Math.min(queries, (i + 1) * block)];
    // Up to three quarters of the keys are left out, not each that is masked: onnxruntime keeps memory for every size.
    const seen = causal ? Math.min(keys, Math.ceil(end / quarter) * quarter) : keys;
    const [rows, columns] = [[start, end] as const, [0, seen] as const];
    const factors = factorsOf?.(end - start, seen);
    const attend = (zero: Tensor, ...given: Tensor[]): Tensor => {
      const [q, k, v, ...own] = given.map((x, i) => x.reshape(inputs[i]!.shape)) as [Tensor, Tensor, Tensor];
      const biases = (own as Tensor[]).map((x) => part(x, rows, columns));
      const first = zero.add(start);
      if (biasOf !== undefined) biases.push(biasOf(first, end - start, seen));
      const places = iota(end - start, { dtype: q.dtype })
        .add(first)
        .expandDims(1);
      if (causal)
        biases.push(
          places
            .less(iota(seen, { dtype: q.dtype }))
            .cast(q.dtype)
            .mul(-2e30), // as in core's attention
        );
      return attention(part(q, rows, null), part(k, columns, null), part(v, columns, null), {
        ...(scale !== undefined && { scale }),
        ...(factors !== undefined && { transformWeights: (weights) => weights.mul(factors) }),
        ...(mask !== undefined && { mask: part(toTensor(mask), rows, columns) }),
        ...(biases.length > 0 && { bias: biases.reduce((a, b) => a.add(b)) }),
      });
    };
    const again = checkpoint(attend as (...inputs: Tensor[]) => Tensor);
    return { rows, attend: (given: readonly Tensor[]): Tensor => again(origin, ...given) };
  });
  return customGradient({
    forward: (...given) =>
      concat(
        blocks.map(({ attend }) => attend(given)),
        -2,
      ),
    // All gradients of a block in one tensor: its scores are then forgotten before the next block is begun.
    gradient: (g, given) => {
      // One tensor may be query, key and value, so each use of it gets a shape, and with it a gradient, of its own.
      const apart = given.map((x, i) => x.reshape([...Array<number>(i + 1).fill(1), ...x.shape]));
      const slopes = blocks.map(({ rows, attend }) =>
        concat(vjp(attend(apart), apart, part(g, rows, null)).map((slope) => slope.flatten())),
      );
      const total = split(
        slopes.reduce((a, b) => a.add(b)),
        given.map(({ size }) => size),
      );
      return total.map((slope, i) => slope.reshape(given[i]!.shape));
    },
  })(...inputs);
}

/** A part of the last two axes; one of length 1 holds for all. */
function part(x: Tensor, rows: SliceRange, columns: SliceRange): Tensor {
  const ranges = [...x.shape.slice(0, -2).map(() => null), rows, columns].slice(-x.rank || x.rank + 2);
  return slice(
    x,
    ranges.map((range, axis) => (x.shape[axis] === 1 ? null : range)),
  );
}
