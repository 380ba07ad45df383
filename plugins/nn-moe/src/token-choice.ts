import {
  cast,
  concat,
  cumsum,
  customGradient,
  div,
  gather,
  iota,
  less,
  mean,
  minimum,
  mul,
  oneHot,
  reshape,
  scatterAdd,
  sort,
  sub,
  sum,
  topK,
  transpose,
  where,
  zeros,
  type Tensor,
} from "@ansatz/core";
import type { Dispatch } from "./dispatch.ts";

/**
 * Each token chooses its `perToken` likeliest experts. Shazeer et al. 2017, arXiv:1701.06538; for one expert, Fedus,
 * Zoph & Shazeer 2021, arXiv:2101.03961.
 *
 * An expert takes at most `capacity` tokens: first choices before second ones, each in the order of the tokens. The
 * others are dropped. Without a capacity none is. The results are weighted by the probabilities; those of several
 * experts are divided by their sum, but that of a single one is not, since it is the router's only gradient.
 */
export function chooseExperts(x: Tensor, probabilities: Tensor, perToken: number, capacity?: number): Dispatch {
  const [tokens, experts] = probabilities.shape as [number, number];
  const { values, indices } = topK(probabilities, perToken); // [tokens, perToken]
  const gates = perToken === 1 ? values : div(values, sum(values, -1, { keepDims: true }));
  const chosen = reshape(transpose(indices), [perToken * tokens]); // all first choices, then all second ones
  const member = oneHot(chosen, experts); // [rows, experts]
  const counts = sum(member, 0);
  const before = () => sum(mul(sub(cumsum(member, 0), 1), member), 1); // how many rows its expert has already
  const kept = capacity === undefined ? undefined : less(before(), capacity);
  const order = sort(kept === undefined ? chosen : where(kept, chosen, experts)).indices;
  const inverse = scatterAdd(zeros(order.shape, { dtype: "int32" }), order, iota(perToken * tokens));
  const weights = reshape(transpose(gates), [perToken, tokens, 1]);
  return {
    rows: permute(concat(Array.from({ length: perToken }, () => x)), order, inverse),
    sizes: cast(capacity === undefined ? counts : minimum(counts, capacity), "int32"),
    load: div(counts, perToken * tokens),
    dropped: kept === undefined ? zeros([]) : sub(1, mean(cast(kept, "float32"))),
    combine(results) {
      const back = permute(results, inverse, order); // a dropped token gets zeros: its row belongs to no expert
      return sum(mul(weights, reshape(back, [perToken, tokens, results.shape[1]!])), 0);
    },
  };
}

/** Takes rows in another order. Its gradient takes them in the inverse order, which is faster than adding them up. */
const permute = customGradient({
  forward: (rows, order) => gather(rows!, order!),
  gradient: (g, [, order, inverse]) => [permute(g, inverse!, order!), undefined, undefined],
});
