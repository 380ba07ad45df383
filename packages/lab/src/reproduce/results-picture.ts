import type { Experiment } from "../experiment/experiment.ts";
import { linePlot } from "../line-plot.ts";
import type { Metrics } from "../metrics.ts";
import { svgOf } from "../picture.ts";
import { lineOf } from "../report/curves.ts";
import { curvesOf } from "../report/recorded-run.ts";
import { bandOf, rangeOf } from "../view/bins.ts";
import { showValue } from "../view/format.ts";
import { grouped } from "../view/grouped.ts";
import { figurePlots, type MeasuredVariant } from "./figure-plots.ts";

/** A variant, with what its runs have measured: one run for each seed. */
export interface Curves extends MeasuredVariant {
  readonly runs: readonly (readonly Metrics[])[];
}

/** The greatest number of points of a curve; values in between are averaged. */
const resolution = 150;

/** What a picture of results is about. */
export interface ResultsPictureOptions extends Partial<Pick<Experiment, "figures" | "plotsBy">> {
  readonly title: string;
  /** The label of the horizontal axis. Default: "step". */
  readonly axis?: string | undefined;
}

/**
 * Draws every figure over the steps, one plot below the other: for each variant the mean over the seeds, with its 95 %
 * interval as a band. Then `figures` of the results.
 *
 * @throws ArgumentError for a figure that the results do not have
 */
export async function drawResults(
  variants: readonly Curves[],
  { title, axis = "step", figures = [], plotsBy }: ResultsPictureOptions,
): Promise<string> {
  const parts = grouped(variants, ({ settings }) => (plotsBy === undefined ? undefined : settings[plotsBy]));
  return svgOf({
    title: { text: title, offset: 12 },
    spacing: 24,
    vconcat: [...parts].flatMap(([value, own]) => {
      const of = value === undefined ? "" : `, ${plotsBy} ${showValue(value)}`;
      return [...curvePlots(own, axis, of), ...figurePlots(figures, own, of)];
    }),
    resolve: { scale: { color: "independent" } },
  });
}

/** A plot over the steps for each figure that some variants have measured. */
function curvePlots(variants: readonly Curves[], axis: string, of: string) {
  const measured = variants.map(({ name, runs }) => ({ name, runs: runs.map((run) => curvesOf(run)) }));
  const figures = new Set(measured.flatMap(({ runs }) => runs.flatMap((run) => [...run.keys()])));
  return [...figures].flatMap((figure) => {
    const curves = measured.map(({ name, runs }) => ({ name, own: runs.flatMap((run) => run.get(figure) ?? []) }));
    const all = curves.flatMap(({ own }) => own);
    // Paces are no results, and a single point is in the table.
    if (figure.endsWith("PerSecond") || new Set(all.flatMap(({ steps }) => steps)).size < 2) return [];
    const range = rangeOf(all, resolution);
    const lines = curves.map(({ name, own }) => lineOf(name, bandOf(own, range), ...own));
    return [linePlot(lines, { title: `${figure}${of}`, axis })];
  });
}
