import { normal, uniform, type RandomKey } from "@ansatz/core";
import { Columns, type SpokenDigit } from "@ansatz/data";
import { features, rate, soundOf, stepsIn } from "./sound.ts";

/** The standard deviation of the noise under everything, where that of speech is 1. */
const noise = 0.03;

/** The number of labels: a blank, which is 0, and for each digit the number after it. */
export const labels = 11;

export interface UtteranceOptions {
  readonly count: number;
  /** How many digits are said, from the fewest to the most. */
  readonly fewest: number;
  readonly most: number;
  /** The longest pause before, between and after them, in seconds. */
  readonly pause: number;
  /** The length of all utterances in seconds. Digits that do not fit into it are left out. */
  readonly seconds: number;
}

/** Where a digit is said: from one step to before another. */
export interface Place {
  readonly digit: SpokenDigit;
  readonly from: number;
  readonly to: number;
}

export interface Utterances {
  /** The sound [steps, features], and the labels [most]; of both, the first ones count. */
  readonly columns: Columns<"sound" | "steps" | "labels" | "count">;
  /** What is said where, which the network is not told. */
  readonly places: readonly (readonly Place[])[];
}

/** Digits by one speaker at a time, with random pauses between them and noise under everything. */
export async function utterances(
  digits: readonly SpokenDigit[],
  key: RandomKey,
  options: UtteranceOptions,
): Promise<Utterances> {
  const { count, most, seconds } = options;
  const perUtterance = 4 + 2 * most;
  const draws = await uniform(key.fold(0), [count, perUtterance]).data();
  const hiss = await normal(key.fold(1), [2 * rate]).data();
  const joined = Array.from({ length: count }, (_, i) =>
    join(digits, [...draws.subarray(i * perUtterance, (i + 1) * perUtterance)], hiss, options),
  );
  const steps = Int32Array.from(joined, ({ end }) => Math.min(stepsIn(end), stepsIn(seconds * rate)));
  const said = new Int32Array(count * most);
  for (const [i, { places }] of joined.entries())
    said.set(
      places.map(({ digit }) => digit.digit + 1),
      i * most,
    );
  const samples = joined.map((one) => one.samples);
  const sound = await soundOf(samples, steps, { normalize: true });
  return {
    columns: new Columns({
      sound: { data: sound, shape: [sound.length / count / features, features] },
      steps: { data: steps },
      labels: { data: said, shape: [most] },
      count: { data: Int32Array.from(joined, ({ places }) => places.length) },
    }),
    places: joined.map(({ places }) => places),
  };
}

/** One utterance, from numbers in [0, 1): its samples, what is said where, and the sample at which it ends. */
function join(
  digits: readonly SpokenDigit[],
  draws: number[],
  hiss: ArrayLike<number>,
  { fewest, most, pause, seconds }: UtteranceOptions,
): { readonly samples: Float32Array; readonly places: readonly Place[]; readonly end: number } {
  const below = (end: number): number => Math.floor(draws.shift()! * end);
  const shift = below(hiss.length);
  const samples = Float32Array.from({ length: seconds * rate }, (_, t) => noise * hiss[(t + shift) % hiss.length]!);
  const { speaker } = digits[below(digits.length)]!;
  const own = digits.filter((digit) => digit.speaker === speaker);
  const wanted = fewest + below(most - fewest + 1);
  const places: Place[] = [];
  let at = below(pause * rate);
  while (places.length < wanted) {
    const digit = own[below(own.length)]!;
    const end = at + digit.samples.length;
    if (end > samples.length) break;
    const loudness = Math.sqrt(digit.samples.reduce((sum, sample) => sum + sample ** 2, 0) / digit.samples.length);
    for (const [t, sample] of digit.samples.entries()) samples[at + t]! += sample / loudness;
    places.push({ digit, from: stepsIn(at), to: stepsIn(end) });
    at = end + below(pause * rate);
  }
  return { samples, places, end: Math.min(at, samples.length) };
}
