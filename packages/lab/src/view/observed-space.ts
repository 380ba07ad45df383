import type { Space } from "@ansatz/search";

/** A setting with so many numbers or fewer is taken for a list of values. */
const fewNumbers = 6;
/** Numbers whose largest is so many times the smallest are taken for draws from a logarithmic scale. */
const wide = 20;

/**
 * The space from which points seem to be, for how much each setting matters: a range for a setting with many numbers,
 * else the values that it has.
 */
export function observedSpace(names: readonly string[], points: readonly Readonly<Record<string, unknown>>[]): Space {
  return Object.fromEntries(
    names.map((name) => {
      const values = [...new Set(points.map((point) => point[name]))];
      const numbers = values.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
      if (numbers.length < values.length || numbers.length <= fewNumbers) return [name, { values: values as number[] }];
      const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
      const scale = low > 0 && high / low >= wide ? "logarithmic" : "uniform";
      return [name, { low, high, scale, whole: numbers.every(Number.isInteger) }];
    }),
  );
}
