import {
  concat,
  cumsum,
  div,
  equal,
  causalMask,
  matmul,
  onesLike,
  pad,
  reshape,
  slice,
  transpose,
  where,
  zeros,
  add,
  type DType,
  type Tensor,
} from "@ansatz/core";
import type { AttendOptions, KeyValue } from "@ansatz/nn";
import { maskOfKeys, ProjectedAttention, refuseBias } from "./projected-attention.ts";

/** Positions that are compared pair by pair; everything before them is in one sum. */
const chunk = 64;

/**
 * Attention whose weights are products of features, φ(q) · φ(k), normalized: sums over keys are then computed once for
 * all queries, in linear time. Katharopoulos et al. 2020, arXiv:2006.16236, equations 5 to 9.
 *
 *   yᵢ = φ(qᵢ) Σⱼ φ(kⱼ) vⱼᵀ / φ(qᵢ) Σⱼ φ(kⱼ)
 */
export abstract class KernelAttention extends ProjectedAttention {
  /** The number of features of φ. */
  protected abstract readonly mapped: number;
  /** φ of queries: [..., time, features / heads] -> [..., time, mapped]. */
  protected abstract mapQueries(query: Tensor): Tensor;
  /** φ of keys. If causal, φ of a key must not depend on later keys. */
  protected abstract mapKeys(key: Tensor, causal: boolean): Tensor;

  protected override mix(query: Tensor, key: Tensor, value: Tensor, options: AttendOptions): Tensor {
    refuseBias(this, options);
    const { causal = false, mask } = options;
    const counts = mask === undefined ? undefined : maskOfKeys(this, mask, key.shape[2]!);
    const counted = (x: Tensor): Tensor => (counts === undefined ? x : where(counts, x, 0));
    const φq = this.mapQueries(query);
    const φk = counted(this.mapKeys(counted(key), causal));
    return causal ? causalMix(φq, φk, value) : ratio(matmul(φq, sums(φk, value)));
  }

  /** Sums over the keys: their size does not depend on the length of the text. */
  override begin(batch: number, _length: number, dtype: DType): KeyValue {
    const zero = (columns: number) => zeros([batch, this.heads, this.mapped, columns], { dtype });
    return { key: zero(1), value: zero(this.width / this.heads) };
  }

  override step(x: Tensor, position: Tensor, cache: KeyValue): readonly [Tensor, KeyValue] {
    const latest = this.keyValue(x, position);
    const φk = transpose(this.mapKeys(this.forEachHead(latest.key), true)); // [batch, heads, mapped, 1]
    const next = {
      key: add(cache.key, φk),
      value: add(cache.value, matmul(φk, this.forEachHead(latest.value))),
    };
    const φq = this.mapQueries(this.queries(x, position));
    return [this.joined(divided(matmul(φq, next.value), matmul(φq, next.key))), next];
  }
}

/** Σⱼ φ(kⱼ) (vⱼ, 1)ᵀ: the numerators' sums, and the denominator's as the last column. */
function sums(key: Tensor, value: Tensor): Tensor {
  return matmul(transpose(key), withOne(value));
}

function withOne(value: Tensor): Tensor {
  const ones = onesLike(slice(value, [...value.shape.slice(0, -1).map(() => null), [0, 1]]));
  return concat([value, ones], -1);
}

/** All columns but the last, divided by the last. */
function ratio(y: Tensor): Tensor {
  const columns = y.shape.at(-1)!;
  const part = (from: number, to: number) => slice(y, [...y.shape.slice(0, -1).map(() => null), [from, to]]);
  return divided(part(0, columns - 1), part(columns - 1, columns));
}

/** 0 where nothing may be looked at. */
function divided(numerator: Tensor, denominator: Tensor): Tensor {
  return div(numerator, where(equal(denominator, 0), 1, denominator));
}

/**
 * Sums over the keys up to each query. Within a chunk, queries and keys are compared pair by pair; the sums of all
 * chunks before it are added. Memory grows with time / chunk · mapped · features instead of time · mapped · features.
 */
function causalMix(query: Tensor, key: Tensor, value: Tensor): Tensor {
  const time = query.shape[2]!;
  const size = Math.min(chunk, time);
  const count = Math.ceil(time / size);
  const chunked = (x: Tensor): Tensor => {
    const [batch, heads, , features] = x.shape as [number, number, number, number];
    const whole = pad(x, [[0, 0], [0, 0], [0, count * size - time], [0, 0]]); // prettier-ignore
    return reshape(whole, [batch, heads, count, size, features]);
  };
  const [q, k, v] = [chunked(query), chunked(key), chunked(value)];
  const weights = where(causalMask(size), matmul(q, transpose(k)), 0);
  const upTo = cumsum(sums(k, v), 2); // [batch, heads, count, mapped, features + 1]
  const before = pad(slice(upTo, [null, null, [0, count - 1]]), [[0, 0], [0, 0], [1, 0], [0, 0], [0, 0]]); // prettier-ignore
  const y = ratio(add(matmul(weights, withOne(v)), matmul(q, before)));
  const [batch, heads] = y.shape as [number, number];
  return slice(reshape(y, [batch, heads, count * size, -1]), [null, null, [0, time]]);
}
