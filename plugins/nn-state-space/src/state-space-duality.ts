import { add, exp, matmul, mul, transpose, zeros, type Tensor } from "@ansatz/core";
import { chunkLength, decaysOf, intoChunks, lengthsOf, overChunks, type ChunkOptions } from "./chunks.ts";

/**
 * A selective state space, hₜ = e^aₜ hₜ₋₁ + Bₜ xₜᵀ and yₜ = hₜᵀ Cₜ, in its chunked parallel form. Within a chunk it is
 * linear attention with queries C, keys B and values x, masked by the decays e^(aₛ₊₁ + … + aₜ). The state passes from
 * chunk to chunk. Dao & Gu 2024, arXiv:2405.21060, Section 6 and Listing 1.
 *
 * x [batch, heads, time, values], logDecay a [batch, heads, time], B and C [batch, heads, time, state], or with 1
 * instead of heads if all heads share them. Returns y, which has the shape of x, and the last state. Default of
 * `chunk`: 64; with 1 it is the recurrence.
 *
 * @throws ShapeError for shapes that do not fit; DTypeError for dtypes that differ; ArgumentError for a chunk below 1
 * @example const [x, decay] = [ones([1, 1, 3, 1]), full([1, 1, 3], Math.log(0.5))];
 * stateSpaceDuality(x, decay, x, x, { chunk: 2 })[0].reshape([3]) // [1, 1.5, 1.75]
 */
export function stateSpaceDuality(
  x: Tensor,
  logDecay: Tensor,
  B: Tensor,
  C: Tensor,
  { chunk: longest = 64, state }: ChunkOptions = {},
): readonly [y: Tensor, state: Tensor] {
  const { batch, heads, time, size, values } = lengthsOf("stateSpaceDuality", {
    x: [x, "batch heads time values"],
    logDecay: [logDecay, "batch heads time"],
    B: [B, "batch heads? time size"],
    C: [C, "batch heads? time size"],
    ...(state && { state: [state, "batch heads size values"] as const }),
  }) as Record<"batch" | "heads" | "time" | "size" | "values", number>;
  const start = state ?? zeros([batch, heads, size, values], { dtype: x.dtype });
  const chunk = chunkLength("stateSpaceDuality", time, longest);
  const cut = (part: Tensor) => intoChunks(part, chunk);
  const [X, a, K, Q] = [cut(x), cut(logDecay), cut(B), cut(C)];
  if (chunk === 1) {
    const step = (h: Tensor, now: { X: Tensor; decay: Tensor; K: Tensor; Q: Tensor }) => {
      const next = add(mul(h, now.decay), mul(transpose(now.K), now.X));
      return [next, matmul(now.Q, next)] as const;
    };
    return overChunks(time, step, start, { X, decay: exp(a), K, Q });
  }
  const { between, fromStart, toEnd, throughout } = decaysOf(a);
  const inside = matmul(mul(matmul(Q, transpose(K)), between), X);
  const added = matmul(transpose(K), mul(X, toEnd)); // by each chunk to the state
  return overChunks(
    time,
    (h, part) => [
      add(mul(h, part.throughout), part.added),
      add(part.inside, mul(matmul(part.Q, h), part.fromStart)), // what the chunk and what the state before it give
    ],
    start,
    { inside, added, Q, fromStart, throughout },
  );
}
