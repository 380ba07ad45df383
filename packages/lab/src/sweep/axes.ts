import type { Dimension } from "@ansatz/search";
import { flagOf, parseGiven, UsageError, type SettingsDefinition, type SettingValue } from "../settings.ts";

/** What a sweep tries for one setting: a list of values, or a range to draw from. */
export type Axis = { readonly name: string } & Dimension;

/** The greatest number of values that `1..N` may stand for. */
const longest = 10_000;

/**
 * Reads the values that a sweep tries for a setting:
 *
 * - `1e-4,3e-4,1e-3`: these values; `3`: only this one
 * - `1..5`: the whole numbers from 1 to 5
 * - `1e-5~1e-2`: log-uniform draws from this range, in a search
 * - `0:0.5`: uniform draws from this range, in a search
 *
 * @throws UsageError for a setting that does not exist, values that it cannot have, and invalid ranges
 */
export function parseAxis(definition: SettingsDefinition, flag: string, text: string): Axis {
  const value = (word: string): readonly [string, SettingValue] =>
    Object.entries(parseGiven(definition, [`--${flag}=${word}`]))[0] as [string, SettingValue];
  const range = /^([^~:,]+)([~:])([^~:,]+)$/.exec(text);
  if (range !== null && isNumber(definition, flag)) {
    const [[name, low], [, high]] = [value(range[1]!), value(range[3]!)] as [[string, number], [string, number]];
    const scale = range[2] === "~" ? "logarithmic" : "uniform";
    if (!(low < high))
      throw new UsageError(
        `--${flag} ${text} isn't a range: ${low} is not below ${high}\n  write the lower bound first`,
      );
    if (scale === "logarithmic" && low <= 0)
      throw new UsageError(
        `--${flag} ${text} cannot be drawn log-uniformly: ${low} is not above 0\n` +
          `  use ${range[1]}:${range[3]} for a uniform draw, or a positive bound`,
      );
    return { name, low, high, scale, whole: definition[name]?.whole === true };
  }
  const parts = text
    .split(",")
    .flatMap((part) => (isNumber(definition, flag) ? numbersOf(flag, part) : [part]))
    .map(value);
  return { name: parts[0]![0], values: [...new Set(parts.map(([, parsed]) => parsed))] };
}

function isNumber(definition: SettingsDefinition, flag: string): boolean {
  const name = Object.keys(definition).find((known) => known === flag || flagOf(known) === flag);
  return name !== undefined && typeof definition[name]!.default === "number";
}

/** The numbers of `1..5`. */
function numbersOf(flag: string, part: string): string[] {
  const ends = /^(-?\d+)\.\.(-?\d+)$/.exec(part);
  if (ends === null) return [part];
  const [first, last] = [Number(ends[1]), Number(ends[2])];
  if (last < first || last - first >= longest)
    throw new UsageError(
      last < first
        ? `--${flag} ${part} is empty\n  write the lower end first: 1..5`
        : `--${flag} ${part} has more than ${longest.toLocaleString("en")} values\n  use a shorter range`,
    );
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i).toString());
}
