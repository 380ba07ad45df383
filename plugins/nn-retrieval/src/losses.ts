import {
  add,
  ArgumentError,
  broadcastTo,
  concat,
  einsum,
  expandDims,
  iota,
  logSoftmax,
  logSumExp,
  matmul,
  mean,
  neg,
  ShapeError,
  softmaxCrossEntropy,
  sum,
  transpose,
  where,
  type Tensor,
  type TensorLike,
} from "@ansatz/core";
import { showShape, toTensor } from "@ansatz/core/plugin";

const never = -1e30; // a logit whose probability is 0; with −∞, a query without any passage would give NaN

/**
 * ln p(z|x) of the passages that were retrieved for each query: log-softmax over these k (not over the corpus) of the
 * inner products d(z)·q(x).
 *
 * queries [batch, width], documents [batch, k, width] -> [batch, k]. Lewis et al. 2020, arXiv:2005.11401, Section 2.2;
 * Guu et al. 2020, arXiv:2002.08909, Section 3.2. `allowed` [batch, k] of bool leaves passages out: padding, or the
 * passage that the query was taken from. Where it leaves none, all k have the same probability.
 *
 * @throws ShapeError if the shapes do not fit
 * @example retrieverLogProbabilities(ones([1, 2]), zeros([1, 4, 2]))  // [[-1.3863, -1.3863, -1.3863, -1.3863]]
 */
export function retrieverLogProbabilities(
  queries: Tensor,
  documents: Tensor,
  { allowed }: { readonly allowed?: Tensor } = {},
): Tensor {
  const [batch, k] = documents.shape;
  if (
    queries.shape.length !== 2 ||
    documents.shape.length !== 3 ||
    queries.shape[0] !== batch ||
    queries.shape[1] !== documents.shape[2]
  )
    throw misfit("retrieverLogProbabilities", { queries, documents }, "[batch, width] and [batch, k, width]");
  if (allowed !== undefined && showShape(allowed.shape) !== showShape([batch!, k!]))
    throw misfit("retrieverLogProbabilities", { documents, allowed }, "[batch, k, width] and [batch, k]");
  const scores = einsum("bw,bkw->bk", queries, documents); // [batch, k]
  return logSoftmax(allowed === undefined ? scores : where(allowed, scores, never));
}

/**
 * Documents with REALM's null document ∅ as the last: what the model chooses if no passage helps. Guu et al. 2020,
 * arXiv:2002.08909, Section 3.4.
 *
 * documents [batch, k, width], its embedding [width], usually a parameter -> [batch, k + 1, width].
 *
 * @throws ShapeError if the widths differ
 * @example withNullDocument(ones([2, 3, 4]), zeros([4])).shape  // [2, 4, 4]
 */
export function withNullDocument(documents: Tensor, nullDocument: TensorLike): Tensor {
  const none = toTensor(nullDocument);
  const [batch, , width] = documents.shape;
  if (documents.shape.length !== 3 || none.shape.length !== 1 || none.shape[0] !== width)
    throw misfit("withNullDocument", { documents, nullDocument: none }, "[batch, k, width] and [width]");
  return concat([documents, broadcastTo(none, [batch!, 1, width!])], 1);
}

export interface MarginalOptions {
  /** Which tokens of an answer count, [batch, time] of bool; the others are padding. Default: all. */
  readonly mask?: Tensor;
  /** The mean or the sum over the batch, or one loss for each example. Default: "mean". */
  readonly reduction?: "mean" | "sum" | "none";
}

/**
 * The loss of RAG-Sequence: one passage accounts for the whole answer.
 *
 *   −ln p(y|x) = −ln Σ_z p(z|x) Π_i p(y_i|x, z, y_<i)
 *
 * retrieval [batch, k]: ln p(z|x); tokens [batch, k, time]: ln p(y_i|x, z, y_<i). Lewis et al. 2020, arXiv:2005.11401,
 * Section 2.1. REALM's marginal likelihood of masked tokens (Guu et al. 2020, arXiv:2002.08909, Equation 1) is the same
 * sum, with the null document among the passages.
 *
 * @throws ShapeError if the shapes do not fit
 * @throws ArgumentError for another reduction
 * @example ragSequence(log(full([1, 2], 0.5)), log(tensor([[[0.5, 0.5], [0.25, 1]]])))  // 1.3863
 */
export function ragSequence(retrieval: Tensor, tokens: Tensor, options: MarginalOptions = {}): Tensor {
  check("ragSequence", retrieval, tokens, options);
  const answers = sum(masked(tokens, options.mask), -1); // [batch, k]: ln p(y|x, z)
  return reduced("ragSequence", logSumExp(add(retrieval, answers), -1), options);
}

/**
 * The loss of RAG-Token: each token of the answer may come from another passage.
 *
 *   −ln p(y|x) = −Σ_i ln Σ_z p(z|x) p(y_i|x, z, y_<i)
 *
 * The arguments and errors are those of `ragSequence`; for answers of one token, the losses are equal. Lewis et al.
 * 2020, arXiv:2005.11401, Section 2.1.
 *
 * @example ragToken(log(full([1, 2], 0.5)), log(tensor([[[0.5, 0.5], [0.25, 1]]])))  // 1.2685
 */
export function ragToken(retrieval: Tensor, tokens: Tensor, options: MarginalOptions = {}): Tensor {
  check("ragToken", retrieval, tokens, options);
  const marginal = logSumExp(add(expandDims(retrieval, -1), masked(tokens, options.mask)), 1); // [batch, time]
  const kept = options.mask === undefined ? marginal : where(options.mask, marginal, 0);
  return reduced("ragToken", sum(kept, -1), options);
}

/**
 * The loss of a retriever against in-batch negatives: each query is to find its own passage among those of the batch.
 *
 * queries [batch, width], passages [batch, width] -> 0-d, the mean cross-entropy. Karpukhin et al. 2020,
 * arXiv:2004.04906, Section 3.2; for inverse-cloze pairs, Lee, Chang & Toutanova 2019, arXiv:1906.00300, Section 4.
 *
 * @throws ShapeError if the shapes differ
 * @example inBatchNegatives(zeros([4, 2]), zeros([4, 2]))  // 1.3863
 */
export function inBatchNegatives(queries: Tensor, passages: Tensor): Tensor {
  if (queries.shape.length !== 2 || showShape(queries.shape) !== showShape(passages.shape))
    throw misfit("inBatchNegatives", { queries, passages }, "both [batch, width]");
  return mean(softmaxCrossEntropy(matmul(queries, transpose(passages)), iota(queries.shape[0]!)));
}

/** [batch, k, time] with 0 = ln 1 for padding, whose own values, even −∞, then have no gradient. */
function masked(tokens: Tensor, mask: Tensor | undefined): Tensor {
  return mask === undefined ? tokens : where(expandDims(mask, 1), tokens, 0);
}

function reduced(loss: string, logLikelihood: Tensor, { reduction = "mean" }: MarginalOptions): Tensor {
  const elements = neg(logLikelihood);
  if (reduction === "mean") return mean(elements);
  if (reduction === "sum") return sum(elements);
  if (reduction === "none") return elements;
  throw new ArgumentError(`${loss}: the reduction is "${String(reduction)}"\n  use "mean", "sum" or "none"`);
}

function check(loss: string, retrieval: Tensor, tokens: Tensor, { mask }: MarginalOptions): void {
  const [batch, k, time] = tokens.shape;
  if (tokens.shape.length !== 3 || showShape(retrieval.shape) !== showShape([batch!, k!]))
    throw misfit(loss, { retrieval, tokens }, "[batch, k] and [batch, k, time]");
  if (mask !== undefined && showShape(mask.shape) !== showShape([batch!, time!]))
    throw misfit(loss, { tokens, mask }, "[batch, k, time] and [batch, time]");
}

function misfit(name: string, tensors: Readonly<Record<string, Tensor>>, wanted: string): ShapeError {
  const found = Object.entries(tensors).map(([own, { shape }]) => `\n  ${own}: ${showShape(shape)}`);
  return new ShapeError(`${name}: the shapes do not fit; they are to be ${wanted}${found.join("")}`);
}
