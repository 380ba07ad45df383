import {
  add,
  ArgumentError,
  attentionWeights,
  broadcastTo,
  concat,
  customGradient,
  input,
  iota,
  matmul,
  minimum,
  mul,
  pad,
  ShapeError,
  slice,
  sub,
  sum,
  transpose,
  vjp,
  type AttentionOptions,
  type SliceRange,
  type Tensor,
  type TensorLike,
} from "@ansatz/core";
import { barrier, showShape, toTensor } from "@ansatz/core/plugin";

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
 * whose weights are computed again in the backward pass. The result is that of core's `attention`. Dao et al. 2022,
 * arXiv:2205.14135, whose tiles also divide the keys; here a block has whole rows of scores, so that its softmax is the
 * usual one.
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
  const { block = 256, causal = false, factorsOf } = options;
  if (!Number.isInteger(block) || block < 1)
    throw new ArgumentError(`attendInBlocks: block is ${String(block)}\n  use a whole number, 1 or more`);
  const [q, k, v] = [toTensor(query), toTensor(key), toTensor(value)];
  const [queries, keys] = [q.shape.at(-2)!, k.shape.at(-2)!];
  if (causal && queries !== keys)
    throw new ShapeError(
      `attendInBlocks: causal needs as many queries as keys, but the query is ${showShape(q.shape)} ` +
        `and the key is ${showShape(k.shape)}\n  pass a mask instead`,
    );
  const scale = options.scale ?? 1 / Math.sqrt(q.shape.at(-1)!);
  // Up to three quarters of the keys are left out, not each that is masked: onnxruntime keeps memory for every size.
  const quarter = Math.ceil(keys / 4);
  const blocks = Array.from({ length: Math.ceil(queries / block) }, (_, i): Block => {
    const [start, end] = [i * block, Math.min(queries, (i + 1) * block)];
    const seen = causal ? Math.min(keys, Math.ceil(end / quarter) * quarter) : keys;
    return { rows: [start, end], seen: [0, seen], factors: factorsOf?.(end - start, seen) };
  });
  // A constant mask would be kept for each block, all together as large as the scores: this 0 is known at run time.
  const origin = input(0, { dtype: q.dtype });
  const optional = [options.bias, options.mask].map((x) => (x === undefined ? [] : [toTensor(x)]));
  const given = (inputs: readonly Tensor[]): Given => {
    const [q, k, v, origin, ...others] = inputs as readonly [Tensor, Tensor, Tensor, Tensor, ...Tensor[]];
    const [bias, mask] = optional.map((x) => (x.length === 0 ? undefined : others.shift()));
    return { ...options, causal, scale, q, k, v, origin, bias, mask };
  };
  return customGradient({
    forward: (...inputs) => {
      const all = given(inputs);
      return concat(
        blocks.map((own) => matmul(dropped(weightsOf(all, own), own), part(all.v, own.seen, null))),
        -2,
      );
    },
    gradient: (g, inputs, y) => {
      // Behind the barrier nothing is shared with the forward pass, so nothing of it is kept.
      const all = given(inputs.map((x) => barrier(x, g)));
      const { q, k, v, bias } = slopesOf(all, blocks, g, sum(mul(g, y), -1, { keepDims: true }));
      return [q, k, v, undefined, ...(bias === undefined ? [] : [bias]), ...optional[1]!.map(() => undefined)];
    },
  })(q, k, v, origin, ...optional.flat());
}

/** Some queries: where they are, which keys they look at, and factors of their weights. */
interface Block {
  readonly rows: readonly [start: number, end: number];
  readonly seen: readonly [first: 0, end: number];
  readonly factors: Tensor | undefined;
}

interface Given extends Pick<BlockOptions, "causal" | "biasOf"> {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly scale: number;
  /** The position of the first query, 0. */
  readonly origin: Tensor;
  readonly bias: Tensor | undefined;
  readonly mask: Tensor | undefined;
}

/** The weights of a block, before some are dropped. */
function weightsOf({ q, k, scale, origin, causal, bias, biasOf, mask }: Given, { rows, seen }: Block): Tensor {
  const [queries, keys] = [rows[1] - rows[0], seen[1]];
  const first = add(origin, rows[0]);
  const biases = bias === undefined ? [] : [part(bias, rows, seen)];
  if (biasOf !== undefined) biases.push(biasOf(first, queries, keys));
  if (causal === true) {
    const places = add(iota(queries, { dtype: q.dtype }), first).expandDims(1);
    const ahead = sub(places, iota(keys, { dtype: q.dtype })); // below 0 for keys that come later
    biases.push(mul(minimum(ahead, 0), 2e30)); // at least as much as in core's attention
  }
  return attentionWeights(part(q, rows, null), part(k, seen, null), {
    scale,
    ...(mask !== undefined && { mask: part(mask, rows, seen) }),
    ...(biases.length > 0 && { bias: biases.reduce((a, b) => add(a, b)) }),
  });
}

function dropped(weights: Tensor, { factors }: Block): Tensor {
  return factors === undefined ? weights : mul(weights, factors);
}

/**
 * The gradients: of weights P = softmax(S), dropped by F, with the gradient g of the result they are dV = (P ∘ F)ᵀ g,
 * dS = P ∘ (F ∘ (g Vᵀ) − Σ g ∘ y), dQ = dS K and dK = dSᵀ Q, times the scale.
 */
function slopesOf(given: Given, blocks: readonly Block[], g: Tensor, means: Tensor): Slopes {
  const { q, v, bias, scale } = given;
  const ofQueries: Tensor[] = [];
  let total: Omit<Slopes, "q"> | undefined;
  let { k } = given;
  for (const own of blocks) {
    const { rows, seen } = own;
    const weights = weightsOf({ ...given, k }, own);
    const slope = part(g, rows, null);
    const ofWeights = dropped(matmul(slope, transpose(part(v, seen, null))), own);
    const ofScores = mul(weights, sub(ofWeights, part(means, rows, null)));
    const ofQuery = mul(matmul(ofScores, part(k, seen, null)), scale);
    const ofBias = bias && vjp(broadcastTo(part(bias, rows, seen), ofScores.shape), bias, ofScores);
    ofQueries.push(ofQuery);
    total = {
      k: plus(total?.k, matmul(transpose(ofScores), mul(part(q, rows, null), scale))),
      v: plus(total?.v, matmul(transpose(dropped(weights, own)), slope)),
      bias: ofBias && (total?.bias === undefined ? ofBias : add(total.bias, ofBias)),
    };
    // The next block begins when this one is done, so that there are never the scores of two.
    for (const done of [ofQuery, total.k, total.v]) k = barrier(k, done);
  }
  return { ...total!, q: concat(ofQueries, -2) };
}

interface Slopes {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly bias: Tensor | undefined;
}

/** The sum of gradients of the first keys and of at least as many. */
function plus(fewer: Tensor | undefined, more: Tensor): Tensor {
  if (fewer === undefined) return more;
  const missing = more.shape.at(-2)! - fewer.shape.at(-2)!;
  if (missing === 0) return add(fewer, more);
  return add(pad(fewer, [...fewer.shape.slice(2).map(() => [0, 0] as const), [0, missing], [0, 0]]), more);
}

/** A part of the last two axes; one of length 1 holds for all. */
function part(x: Tensor, rows: SliceRange, columns: SliceRange): Tensor {
  const ranges = [...x.shape.slice(0, -2).map(() => null), rows, columns].slice(-x.rank || x.rank + 2);
  return slice(
    x,
    ranges.map((range, axis) => (x.shape[axis] === 1 ? null : range)),
  );
}
