import { uniformAt } from "./uniform-at.ts";

/** A value that a setting can have. */
export type Value = number | string | boolean;

/** What a setting can be: one of some values, or a number from a range. */
export type Dimension =
  | { readonly values: readonly Value[] }
  | {
      readonly low: number;
      readonly high: number;
      readonly scale: "logarithmic" | "uniform";
      /** Whether only whole numbers are tried. */
      readonly whole: boolean;
    };

/** The settings that a search varies, by name. */
export type Space = Readonly<Record<string, Dimension>>;

/** A value for each setting of a space. */
export type Point = Readonly<Record<string, Value>>;

/**
 * The ends of a range on its scale, on which it is drawn uniformly. A whole number stands for all numbers that round to
 * it, so that both ends are as likely as the rest.
 */
export function endsOf({ low, high, scale, whole }: Extract<Dimension, { low: number }>): readonly [number, number] {
  const [from, to] = whole ? [low - (scale === "uniform" ? 0.5 : Math.min(0.5, low / 2)), high + 0.5] : [low, high];
  return scale === "uniform" ? [from, to] : [Math.log(from), Math.log(to)];
}

/** The value of a range at a place on its scale, within the range. */
export function valueAt({ low, high, scale, whole }: Extract<Dimension, { low: number }>, place: number): number {
  const value = scale === "uniform" ? place : Math.exp(place);
  return Math.min(high, Math.max(low, whole ? Math.round(value) : Number(value.toPrecision(6))));
}

/**
 * Draw number `draw` of a random search: each setting independently, uniformly on its scale. The same seed gives the
 * same draws.
 *
 * @example drawPoint({ width: { low: 1, high: 9, scale: "uniform", whole: true } }, 1, 0)  // { width: 7 }
 */
export function drawPoint(space: Space, seed: number, draw: number): Point {
  return Object.fromEntries(
    Object.entries(space).map(([name, dimension], i) => {
      const u = uniformAt(seed, 0, draw, i);
      if ("values" in dimension) return [name, dimension.values[Math.floor(u * dimension.values.length)]!];
      const [from, to] = endsOf(dimension);
      return [name, valueAt(dimension, from + u * (to - from))];
    }),
  );
}
