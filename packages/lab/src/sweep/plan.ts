import { drawPoint, type Space } from "@ansatz/search";
import { UsageError, type SettingValue } from "../settings.ts";
import type { Axis } from "./axes.ts";

/** The settings of one run. */
export type SweepPoint = Readonly<Record<string, SettingValue>>;

/** A grid with more runs than this is surely a mistake. */
const mostRuns = 10_000;

/**
 * The runs of a grid: every combination of the values. The last axis changes fastest.
 *
 * @throws UsageError for a range, and for too many runs
 */
export function gridOf(axes: readonly Axis[]): SweepPoint[] {
  let points: SweepPoint[] = [{}];
  for (const axis of axes) {
    if (!("values" in axis))
      throw new UsageError(
        `${axis.name} is a range, which a grid cannot try\n` +
          "  list its values, or draw from it: --search random --trials N",
      );
    points = points.flatMap((point) => axis.values.map((value) => ({ ...point, [axis.name]: value })));
    if (points.length > mostRuns)
      throw new UsageError(
        `these settings make more than ${mostRuns.toLocaleString("en")} runs\n` +
          "  try some of them: --search random --trials N",
      );
  }
  return points;
}

/**
 * The runs of a random search: `count` draws of all settings, each with every seed that is listed. The same `seed`
 * gives the same draws.
 */
export function drawsOf(axes: readonly Axis[], count: number, seed: number): SweepPoint[] {
  const space = spaceOf(axes.filter(({ name }) => name !== "seed"));
  const points = Array.from({ length: count }, (_, i) => drawPoint(space, seed, i));
  const seeds = axes.find(({ name }) => name === "seed");
  if (seeds === undefined) return points;
  if (!("values" in seeds)) throw new UsageError("seeds are listed, not drawn\n  write --seed 1..3");
  return points.flatMap((point) => seeds.values.map((value) => ({ ...point, seed: value })));
}

/** Axes as a search takes them. */
export function spaceOf(axes: readonly Axis[]): Space {
  return Object.fromEntries(axes.map(({ name, ...dimension }) => [name, dimension]));
}
