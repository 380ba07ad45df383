import { linePlot } from "../line-plot.ts";
import type { Metrics } from "../metrics.ts";
import { svgOf } from "../picture.ts";
import { lineOf } from "../report/curves.ts";
import { curvesOf } from "../report/recorded-run.ts";
import { bandOf, rangeOf } from "../view/bins.ts";

/** What the runs of one variant have measured, one run for each seed. */
export interface Curves {
  readonly variant: string;
  readonly runs: readonly (readonly Metrics[])[];
}

/** The greatest number of points of a curve; values in between are averaged. */
const resolution = 150;

/**
 * Draws every figure over the steps, one plot below the other: for each variant the mean over the seeds, with its 95 %
 * interval as a band. `axis` is the label of the horizontal axis.
 */
export async function drawSeedBands(variants: readonly Curves[], title: string, axis = "step"): Promise<string> {
  const measured = variants.map(({ variant, runs }) => ({ variant, runs: runs.map((run) => curvesOf(run)) }));
  const figures = new Set(measured.flatMap(({ runs }) => runs.flatMap((run) => [...run.keys()])));
  return svgOf({
    title: { text: title, offset: 12 },
    spacing: 24,
    vconcat: [...figures].flatMap((figure) => {
      const curves = measured.map(({ variant, runs }) => ({
        variant,
        of: runs.flatMap((run) => run.get(figure) ?? []),
      }));
      const all = curves.flatMap(({ of }) => of);
      // Paces are no results, and a single point is in the table.
      if (figure.endsWith("PerSecond") || new Set(all.flatMap(({ steps }) => steps)).size < 2) return [];
      const range = rangeOf(all, resolution);
      const lines = curves.map(({ variant, of }) => lineOf(variant, bandOf(of, range), ...of));
      return [linePlot(lines, { title: figure, axis })];
    }),
    resolve: { scale: { color: "independent" } },
  });
}
