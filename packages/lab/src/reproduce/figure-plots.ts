import { ArgumentError } from "@ansatz/core";
import { groupRuns } from "../compare/groups.ts";
import type { Result } from "../experiment/claim.ts";
import { linePlot } from "../line-plot.ts";
import type { SettingValue } from "../settings.ts";
import { meanInterval, type Interval } from "../statistics.ts";
import type { Bin } from "../view/bins.ts";

/** Figures of the results that are drawn against a setting, or against another figure of the results. */
export interface FigurePlot<X extends string = string, Y extends string = string> {
  readonly x: X;
  /** The figures: a plot for each. */
  readonly y: readonly Y[];
  /** Whether the horizontal axis is logarithmic. Default: no. */
  readonly logarithmic?: boolean;
}

/** A variant of an experiment, with the result of each seed. */
export interface MeasuredVariant {
  /** What pages and pictures call it. */
  readonly name: string;
  readonly settings: Readonly<Record<string, SettingValue>>;
  readonly results: readonly Result[];
}

/**
 * Plots of figures over the variants, as vega-lite specifies them: means over the seeds with their 95 % intervals.
 * Against a setting, variants that differ in nothing else are one line. Against a figure, each variant is a point.
 *
 * @throws ArgumentError for a figure that the results do not have
 */
export function figurePlots(plots: readonly FigurePlot[], variants: readonly MeasuredVariant[], of = "") {
  return plots.flatMap(({ x, y: figures, logarithmic = false }) => {
    const single = () => variants.map((one) => [one.name, [one]] as const);
    const lines = x in variants[0]!.settings ? againstSetting(x, variants) : single();
    const pointsOf = (y: string, members: readonly MeasuredVariant[]) =>
      members
        .map(({ settings, results }): Bin => {
          const { mean, margin } = intervalOf(y, results);
          const step = (settings[x] as number | undefined) ?? intervalOf(x, results).mean;
          return { step, mean, low: mean - margin, high: mean + margin };
        })
        .filter(({ step, mean }) => Number.isFinite(mean) && Number.isFinite(logarithmic ? Math.log(step) : step))
        .toSorted((a, b) => a.step - b.step);
    return figures.map((y) =>
      linePlot(
        lines.map(([name, members]) => ({ name: name || y, points: pointsOf(y, members) })),
        { title: `${y}${of}`, axis: x, logarithmic, marked: true },
      ),
    );
  });
}

/** Variants by what they differ in besides a setting, in words. */
function againstSetting(x: string, variants: readonly MeasuredVariant[]) {
  const runs = variants.map((variant) => {
    const { [x]: value, ...settings } = variant.settings;
    if (typeof value === "number") return { name: "", about: { experiment: "" }, settings, variant };
    throw new ArgumentError(
      `experiment: figures are against "${x}", which is ${JSON.stringify(value)}\n  name a setting that is a number`,
    );
  });
  return groupRuns(runs).map(({ label, runs: members }) => [label, members.map(({ variant }) => variant)] as const);
}

/** A figure over the seeds; a single seed has no interval. */
function intervalOf(figure: string, results: readonly Result[]): Interval {
  const values = results.map((result) => result[figure]);
  if (values.includes(undefined))
    throw new ArgumentError(
      `experiment: figures name "${figure}", which is neither a setting nor a figure of the results\n` +
        `  the figures are ${Object.keys(results[0]!).join(", ")}`,
    );
  const { mean, margin } = meanInterval(values as number[]);
  return { mean, margin: values.length > 1 ? margin : 0 };
}
