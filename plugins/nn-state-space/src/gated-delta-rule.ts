import { add, exp, matmul, mul, sub, transpose, zeros, type Tensor } from "@ansatz/core";
import { chunkLength, decaysOf, intoChunks, lengthsOf, overChunks, type ChunkOptions } from "./chunks.ts";
import { unitTriangularInverse } from "./unit-triangular-inverse.ts";

/**
 * The gated delta rule, in its chunked parallel form. A state decays by e^aₜ, then the value that it holds under a key
 * is replaced, by the share βₜ: Sₜ = e^aₜ (I − βₜ kₜ kₜᵀ) Sₜ₋₁ + βₜ kₜ vₜᵀ and oₜ = Sₜᵀ qₜ. Yang, Kautz & Hatamizadeh
 * 2024, arXiv:2412.06464, Section 3.3.
 *
 * q and k are [batch, heads, time, keys], v [batch, heads, time, values], logDecay a and beta β [batch, heads, time].
 * If a key is longer than 1 or β above 1, the state may grow without bound. Returns o, which has the shape of v, and
 * the last state. Default of `chunk`: 32, since the work for each position grows with its square; with 1 it is the
 * recurrence.
 *
 * @throws ShapeError for shapes that do not fit; DTypeError for dtypes that differ; ArgumentError for a chunk below 1
 * @example const [k, none] = [ones([1, 1, 2, 1]), zeros([1, 1, 2])]; // the same key twice: half of its value changes
 * gatedDeltaRule(k, k, full([1, 1, 2, 1], 4), none, full([1, 1, 2], 0.5))[0].reshape([2]) // [2, 3]
 */
export function gatedDeltaRule(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  logDecay: Tensor,
  beta: Tensor,
  { chunk: longest = 32, state }: ChunkOptions = {},
): readonly [o: Tensor, state: Tensor] {
  const { batch, heads, time, keys, values } = lengthsOf("gatedDeltaRule", {
    q: [q, "batch heads time keys"],
    k: [k, "batch heads time keys"],
    v: [v, "batch heads time values"],
    logDecay: [logDecay, "batch heads time"],
    beta: [beta, "batch heads time"],
    ...(state && { state: [state, "batch heads keys values"] as const }),
  }) as Record<"batch" | "heads" | "time" | "keys" | "values", number>;
  const start = state ?? zeros([batch, heads, keys, values], { dtype: v.dtype });
  const chunk = chunkLength("gatedDeltaRule", time, longest);
  const cut = (part: Tensor) => intoChunks(part, chunk);
  const [Q, K, V, a, β] = [cut(q), cut(k), cut(v), cut(logDecay), cut(beta)];
  if (chunk === 1) {
    const step = (S: Tensor, now: { Q: Tensor; K: Tensor; V: Tensor; decay: Tensor; β: Tensor }) => {
      const decayed = mul(S, now.decay);
      const correction = mul(sub(now.V, matmul(now.K, decayed)), now.β);
      const next = add(decayed, mul(transpose(now.K), correction));
      return [next, matmul(now.Q, next)] as const;
    };
    return overChunks(time, step, start, { Q, K, V, decay: exp(a), β });
  }
  const { between, fromStart, toEnd, throughout } = decaysOf(a);
  const T = unitTriangularInverse(mul(mul(matmul(K, transpose(K)), between), β)); // T of Section 3.3 without β
  return overChunks(
    time,
    (S, part) => {
      const written = sub(part.U, matmul(part.W, S));
      const o = add(matmul(part.Q, S), matmul(part.weights, written));
      return [add(mul(S, part.throughout), matmul(part.K, written)), o];
    },
    start,
    {
      U: matmul(T, mul(V, β)), // what the chunk writes into an empty state
      W: matmul(T, mul(K, mul(fromStart, β))), // what it reads from the state before it, to replace that
      Q: mul(Q, fromStart),
      K: transpose(mul(K, toEnd)),
      weights: mul(matmul(Q, transpose(K)), between),
      throughout,
    },
  );
}
