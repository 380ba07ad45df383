import {
  add,
  and,
  ArgumentError,
  gather,
  greaterEqual,
  iota,
  less,
  mul,
  permutation,
  reshape,
  sub,
  tensor,
  where,
  type RandomKey,
  type Tensor,
} from "@ansatz/core";
import { HostRandom } from "../synthetic/host-random.ts";
import { betaNumbers } from "./beta.ts";
import { checkAlpha, type LabelledBatch } from "./mix-up.ts";

/**
 * CutMix: a rectangle of each image is replaced by that of another image of the batch, and the targets are mixed by
 * area. The rectangle covers 1 − λ of the area, with λ ~ Beta(α, α), before it is clipped at the edges. Yun et al.
 * 2019, arXiv:1905.04899.
 *
 * input is [batch, channels, rows, columns].
 *
 * @throws ArgumentError unless α is above 0 and the input is images
 * @example cutMix({ input: ones([2, 3, 4, 4]), target: ones([2, 1]) }, key(0)).input.shape  // [2, 3, 4, 4]
 */
export function cutMix(
  { input, target }: LabelledBatch,
  key: RandomKey,
  options: { readonly alpha?: number } = {},
): LabelledBatch {
  const { alpha = 1 } = options;
  checkAlpha("cutMix", alpha);
  if (input.rank !== 4)
    throw new ArgumentError(`cutMix: the input has ${input.rank} axes\n  it must be [batch, channels, rows, columns]`);
  const [batch, , rows, columns] = input.shape as [number, number, number, number];
  const random = new HostRandom(key.fold(2));
  const shares = betaNumbers(key.fold(1), alpha, batch);
  const bounds = Array.from(shares, (λ) => ({
    rows: span(random, rows, Math.sqrt(1 - λ)),
    columns: span(random, columns, Math.sqrt(1 - λ)),
  }));
  const within = (length: number, spans: readonly (readonly [number, number])[], axis: 2 | 3): Tensor => {
    const place = iota(length);
    const edge = (i: 0 | 1): Tensor => reshape(tensor(Int32Array.from(spans, (own) => own[i])), [batch, 1]);
    return reshape(
      and(greaterEqual(place, edge(0)), less(place, edge(1))),
      axis === 2 ? [batch, 1, length, 1] : [batch, 1, 1, length],
    );
  };
  const cut = and(
    within(
      rows,
      bounds.map((own) => own.rows),
      2,
    ),
    within(
      columns,
      bounds.map((own) => own.columns),
      3,
    ),
  );
  const kept = tensor(
    Float32Array.from(
      bounds,
      (own) => 1 - ((own.rows[1] - own.rows[0]) * (own.columns[1] - own.columns[0])) / (rows * columns),
    ),
    { shape: [batch, 1] },
  );
  const partner = permutation(key.fold(0), batch);
  return {
    input: where(cut, gather(input, partner), input),
    target: add(mul(kept, target), mul(sub(1, kept), gather(target, partner))),
  };
}

/** A range of an axis around a random centre, clipped to the axis. */
function span(random: HostRandom, length: number, part: number): readonly [number, number] {
  const [centre, half] = [random.integer(length), Math.floor(length * part) / 2];
  return [Math.max(0, Math.floor(centre - half)), Math.min(length, Math.floor(centre + half))];
}
