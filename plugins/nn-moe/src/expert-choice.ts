import {
  cast,
  div,
  equal,
  full,
  gather,
  mean,
  mul,
  reshape,
  scatterAdd,
  topK,
  transpose,
  zeros,
  type Tensor,
} from "@ansatz/core";
import type { Dispatch } from "./dispatch.ts";

/**
 * Each expert chooses the `capacity` tokens that it is likeliest for, so that all have the same load; a token may have
 * several experts or none. Zhou et al. 2022, arXiv:2202.09368.
 */
export function chooseTokens(x: Tensor, probabilities: Tensor, capacity: number): Dispatch {
  const [tokens, experts] = probabilities.shape as [number, number];
  const { values, indices } = topK(transpose(probabilities), capacity); // [experts, capacity]
  const chosen = reshape(indices, [experts * capacity]);
  const taken = scatterAdd(
    zeros([tokens], { dtype: x.dtype }),
    chosen,
    full([experts * capacity], 1, { dtype: x.dtype }),
  );
  const weights = reshape(values, [experts * capacity, 1]);
  return {
    rows: gather(x, chosen),
    sizes: full([experts], capacity, { dtype: "int32" }),
    load: div(full([experts], 1, { dtype: x.dtype }), experts),
    dropped: mean(cast(equal(taken, 0), x.dtype)),
    combine: (results) =>
      scatterAdd(zeros([tokens, results.shape[1]!], { dtype: results.dtype }), chosen, mul(weights, results)),
  };
}
