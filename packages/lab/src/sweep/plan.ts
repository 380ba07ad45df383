import { threefry2x32 } from "@ansatz/core/plugin";
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
        `${axis.name} is a range, but the number of draws is not given\n  add --random N, or list its values`,
      );
    points = points.flatMap((point) => axis.values.map((value) => ({ ...point, [axis.name]: value })));
    if (points.length > mostRuns)
      throw new UsageError(
        `these settings make more than ${mostRuns.toLocaleString("en")} runs\n  draw some of them with --random N`,
      );
  }
  return points;
}

/**
 * The runs of a random search: `count` draws of all settings, each with every seed that is listed. The same `seed`
 * gives the same draws.
 */
export function drawsOf(axes: readonly Axis[], count: number, seed: number): SweepPoint[] {
  const drawn = axes.filter((axis) => axis.name !== "seed");
  const points = Array.from({ length: count }, (_, i) =>
    Object.fromEntries(drawn.map((axis, j) => [axis.name, drawFrom(axis, uniform(seed, i, j))])),
  );
  const seeds = axes.find(({ name }) => name === "seed");
  if (seeds === undefined) return points;
  if (!("values" in seeds)) throw new UsageError("seeds are listed, not drawn\n  write --seed 1..3");
  return points.flatMap((point) => seeds.values.map((value) => ({ ...point, seed: value })));
}

function drawFrom(axis: Axis, u: number): SettingValue {
  if ("values" in axis) return axis.values[Math.floor(u * axis.values.length)]!;
  const { low, high, scale, whole } = axis;
  // A whole number stands for all numbers that round to it, so that both ends are as likely as the rest.
  const [from, to] = whole ? [low - (scale === "uniform" ? 0.5 : Math.min(0.5, low / 2)), high + 0.5] : [low, high];
  const value = scale === "uniform" ? from + u * (to - from) : from * (to / from) ** u;
  return Math.min(high, Math.max(low, whole ? Math.round(value) : Number(value.toPrecision(6))));
}

/** A number in [0, 1) for each setting of each draw. */
function uniform(seed: number, draw: number, place: number): number {
  const [high, low] = threefry2x32(seed, 0, draw, place);
  return (high * 2 ** 21 + (low >>> 11)) / 2 ** 53;
}
