import type { SpokenDigit } from "@ansatz/data";
import { mean } from "simple-statistics";
import { features, soundOf, stepsIn } from "./sound.ts";

/** A recording of usual loudness, step by step. Its bands are not normalised, which makes templates worse. */
interface Template {
  readonly digit: number;
  readonly steps: readonly Float32Array[];
}

/**
 * The share of digits that the nearest template gets wrong, by dynamic time warping. It is told where each digit begins
 * and ends. Sakoe & Chiba 1978.
 */
export async function errorOfTemplates(known: readonly SpokenDigit[], unseen: readonly SpokenDigit[]): Promise<number> {
  const templates = await templatesOf(known);
  const wrong = (await templatesOf(unseen)).map(({ digit, steps }) => {
    let nearest = { cost: Infinity, digit: -1 };
    for (const template of templates) {
      const cost = warped(steps, template.steps);
      if (cost < nearest.cost) nearest = { cost, digit: template.digit };
    }
    return Number(nearest.digit !== digit);
  });
  return mean(wrong);
}

async function templatesOf(digits: readonly SpokenDigit[]): Promise<readonly Template[]> {
  const longest = Math.max(...digits.map(({ samples }) => samples.length));
  const lengths = Int32Array.from(digits, ({ samples }) => stepsIn(samples.length));
  const padded = digits.map(({ samples }) => {
    const loudness = Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length);
    return Float32Array.from({ length: longest }, (_, t) => (samples[t] ?? 0) / loudness);
  });
  const sound = await soundOf(padded, lengths, { normalize: false });
  const size = stepsIn(longest) * features;
  return digits.map(({ digit }, i) => ({
    digit,
    steps: Array.from({ length: lengths[i]! }, (_, step) =>
      sound.subarray(i * size + step * features, i * size + (step + 1) * features),
    ),
  }));
}

/** The cost of the cheapest path through all steps of both, for each step of both together. */
export function warped(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  let before = [0, ...b.map(() => Infinity)];
  for (const step of a) {
    const costs = [Infinity];
    for (const [j, other] of b.entries()) {
      let squares = 0;
      for (let k = 0; k < step.length; k++) squares += (step[k]! - other[k]!) ** 2;
      const far = Math.sqrt(squares);
      // symmetric, as in Sakoe & Chiba
      costs.push(Math.min(before[j]! + 2 * far, before[j + 1]! + far, costs[j]! + far));
    }
    before = costs;
  }
  return before.at(-1)! / (a.length + b.length);
}
