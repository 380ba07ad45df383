import type { RandomKey } from "@ansatz/core";
import { tourLength } from "@ansatz/data";
import { eachOnce, type PointerNetwork } from "@ansatz/nn-pointer";
import type { Drawn } from "./picture.ts";
import { problemsOf } from "./problems.ts";

/** What a network says to problems that it never saw. */
export interface Judged {
  /** The mean length of its likeliest tours, relative to that of the tours to compare them with. */
  readonly lengthRatio: number;
  /** The same for the shortest of the tours that were followed. */
  readonly shortestRatio: number;
  /** The same when it always says the likeliest place. */
  readonly greedyRatio: number;
  /** Its first tours, for a picture. */
  readonly drawn: readonly Drawn[];
}

/** Every tour visits each place once: both ways to decode can say nothing else. */
export async function judged(
  model: PointerNetwork,
  key: RandomKey,
  { count, places, beams }: { readonly count: number; readonly places: number; readonly beams: number },
): Promise<Judged> {
  const problems = await problemsOf(key, { count, places });
  const { points } = problems.batch(Int32Array.from({ length: count }, (_, i) => i));
  const search = model.beamSearch(points, { beams, constraint: eachOnce });
  const found = (await search.places.array()) as number[][][];
  const greedy = (await model.greedy(points, { constraint: eachOnce }).array()) as number[][];
  const { points: all, tour } = problems.columns;
  const of = (i: number) => all.data.subarray(2 * places * i, 2 * places * (i + 1));
  const wanted = Array.from({ length: count }, (_, i) => [...tour.data.subarray(places * i, places * (i + 1))]);
  const isWhole = (own: readonly number[]) => own[0] !== -1; // a beam is empty if there are fewer tours
  const shortest = found.map((tours, i) => {
    const lengths = tours.map((own) => (isWhole(own) ? tourLength(of(i), own) : Infinity));
    return tours[lengths.indexOf(Math.min(...lengths))]!;
  });
  const likeliest = found.map(([best]) => best!);
  const total = (tours: readonly (readonly number[])[]) =>
    tours.reduce((sum, own, i) => sum + tourLength(of(i), own), 0);
  const ratio = (tours: readonly (readonly number[])[]) => total(tours) / total(wanted);
  const drawn = likeliest.slice(0, 4).map((said, i) => ({ points: of(i), said, wanted: wanted[i]! }));
  return { lengthRatio: ratio(likeliest), shortestRatio: ratio(shortest), greedyRatio: ratio(greedy), drawn };
}
