import type { RandomKey } from "@ansatz/core";
import { atMostOnce, type PointerNetwork } from "@ansatz/nn-pointer";
import { covered, hulls, pointsOf } from "./hulls.ts";

export interface Judged {
  /** The share of hulls without a mistake. */
  readonly exactlyRight: number;
  /** The mean share of the hull's area that the answer covers. */
  readonly coveredArea: number;
}

/** What an answer may be: three different places or more. */
export const corners = atMostOnce({ least: 3 });

/**
 * How well a network does on problems of one size that it never saw, padded to `places`. It answers in
 * `corners`.
 */
export async function judged(
  model: PointerNetwork,
  key: RandomKey,
  { count, size, places }: { readonly count: number; readonly size: number; readonly places: number },
): Promise<Judged> {
  const problems = await hulls(key, { count, least: size, most: size, places });
  const { points, lengths } = problems.batch(Int32Array.from({ length: count }, (_, i) => i));
  const said = (await model.greedy(points, { lengths, constraint: corners }).array()) as number[][];
  const { points: all, hull } = problems.columns;
  let [right, area] = [0, 0];
  for (const [i, answer] of said.entries()) {
    const wanted = hull.data.subarray(i * (places + 1), (i + 1) * (places + 1));
    if (answer.every((place, step) => place === wanted[step])) right++;
    const own = pointsOf(all.data.subarray(2 * places * i), size);
    area += covered(
      own,
      answer.filter((place) => place >= 0 && place < size),
    );
  }
  return { exactlyRight: right / count, coveredArea: area / count };
}
