import { causalMask, pad, ShapeError, slice, where, zeros, type DType, type Tensor } from "@ansatz/core";
import { MultiHeadAttention, type AttendOptions, type KeyValue } from "@ansatz/nn";
import { maskOfKeys } from "./limits.ts";

/** Positions that are compared pair by pair; everything before them is in one sum. */
const chunk = 64;

/**
 * Attention whose weights are products of features, φ(q) · φ(k), normalized: sums over keys are then computed once for
 * all queries, in linear time. Katharopoulos et al. 2020, arXiv:2006.16236, equations 5 to 9.
 *
 *   yᵢ = φ(qᵢ) Σⱼ φ(kⱼ) vⱼᵀ / φ(qᵢ) Σⱼ φ(kⱼ)
 */
export abstract class KernelAttention extends MultiHeadAttention {
  /** The number of features of φ. */
  protected abstract readonly mapped: number;
  /**
   * φ: [..., time, features / heads] -> [..., time, mapped]. One factor for all numbers along `shared` cancels in
   * attention: for a query its own features, for keys those of all keys, unless they must not know of later ones.
   */
  protected abstract map(x: Tensor, shared: readonly number[] | undefined): Tensor;

  protected override mix(query: Tensor, key: Tensor, value: Tensor, options: AttendOptions): Tensor {
    const { causal = false } = options;
    const [queries, keys] = [query.shape[2]!, key.shape[2]!];
    if (causal && queries !== keys)
      throw new ShapeError(
        `${this.constructor.name}: causal needs as many queries as keys, but there are ${queries} and ${keys}`,
      );
    const counts = maskOfKeys(this, options, keys);
    const counted = (x: Tensor): Tensor => (counts === undefined ? x : where(counts, x, 0));
    const φq = this.map(query, [-1]);
    const φk = counted(this.map(counted(key), causal ? undefined : [-2, -1]));
    return causal ? causalMix(φq, φk, value) : ratio(φq.matmul(sums(φk, value)));
  }

  /** Sums over the keys: their size does not depend on the length of the text. */
  override begin(batch: number, _length: number, dtype: DType): KeyValue {
    const zero = (columns: number): Tensor => zeros([batch, this.heads, this.mapped, columns], { dtype });
    return { key: zero(1), value: zero(this.width / this.heads) };
  }

  override step(x: Tensor, position: Tensor, cache: KeyValue): readonly [Tensor, KeyValue] {
    const latest = this.keyValue(x, position);
    const φk = this.map(this.forEachHead(latest.key), undefined).transpose(); // [batch, heads, mapped, 1]
    const next = { key: cache.key.add(φk), value: cache.value.add(φk.matmul(this.forEachHead(latest.value))) };
    const φq = this.map(this.queries(x, position), [-1]);
    return [this.joined(divided(φq.matmul(next.value), φq.matmul(next.key))), next];
  }
}

/** Σⱼ φ(kⱼ) (vⱼ, 1)ᵀ: the numerators' sums, and the denominator's as the last column. */
function sums(key: Tensor, value: Tensor): Tensor {
  return key.transpose().matmul(withOne(value));
}

function withOne(value: Tensor): Tensor {
  return padded(value, value.rank - 1, 0, 1, 1);
}

function padded(x: Tensor, axis: number, before: number, after: number, value = 0): Tensor {
  return pad(
    x,
    x.shape.map((_, i) => (i === axis ? [before, after] : [0, 0])),
    { value },
  );
}

function columns(x: Tensor, from: number, to: number): Tensor {
  return slice(x, [...x.shape.slice(0, -1).map(() => null), [from, to]]);
}

/** All columns but the last, divided by the last. */
function ratio(y: Tensor): Tensor {
  const last = y.shape.at(-1)! - 1;
  return divided(columns(y, 0, last), columns(y, last, last + 1));
}

/** 0 where nothing may be looked at. */
function divided(numerator: Tensor, denominator: Tensor): Tensor {
  return numerator.div(where(denominator.equal(0), 1, denominator));
}

/**
 * Sums over the keys up to each query. Within a chunk, queries and keys are compared pair by pair; the sums of all
 * chunks before it are added. Memory grows with time / chunk · mapped · features instead of time · mapped · features.
 */
function causalMix(query: Tensor, key: Tensor, value: Tensor): Tensor {
  const [batch, heads, time] = query.shape as [number, number, number];
  const size = Math.min(chunk, time);
  const count = Math.ceil(time / size);
  const [q, k, v] = [query, key, value].map((x) =>
    padded(x, 2, 0, count * size - time).reshape([batch, heads, count, size, x.shape[3]!]),
  ) as [Tensor, Tensor, Tensor];
  const weights = where(causalMask(size), q.matmul(k.transpose()), 0);
  const upTo = sums(k, v).cumsum(2); // [batch, heads, count, mapped, features + 1]
  const before = padded(slice(upTo, [null, null, [0, count - 1]]), 2, 1, 0);
  const y = ratio(weights.matmul(withOne(v)).add(q.matmul(before)));
  return slice(y.reshape([batch, heads, count * size, value.shape[3]!]), [null, null, [0, time]]);
}
