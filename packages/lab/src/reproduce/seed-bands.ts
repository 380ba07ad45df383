import type { Metrics } from "../metrics.ts";
import { svgOf } from "../picture.ts";
import { meanInterval } from "../statistics.ts";

/** What the runs of one variant have measured, one run for each seed. */
export interface Curves {
  readonly variant: string;
  readonly runs: readonly (readonly Metrics[])[];
}

interface SeedBandPoint {
  readonly variant: string;
  readonly step: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** The greatest number of points of a curve; values in between are averaged. */
const resolution = 150;

/**
 * Draws every figure over the steps, one plot below the other: for each variant the mean over the seeds, with its 95 %
 * interval as a band. `axis` is the label of the horizontal axis.
 */
export async function drawSeedBands(curves: readonly Curves[], title: string, axis = "step"): Promise<string> {
  const names = new Set(
    curves.flatMap(({ runs }) => runs.flatMap((run) => run.flatMap((metrics) => Object.keys(metrics)))),
  );
  const figures = [...names].filter((name) => name !== "step" && !name.endsWith("PerSecond"));
  const scheme = curves.length > 10 ? "tableau20" : "tableau10"; // no colour is used twice
  const color = {
    field: "variant",
    type: "nominal",
    title: null,
    sort: null,
    scale: { scheme },
    legend: { symbolType: "stroke", symbolOpacity: 1, symbolStrokeWidth: 2 },
  } as const;
  const x = { field: "step", type: "quantitative", title: axis } as const;
  const plots = figures.flatMap((figure) => {
    const values = curves.flatMap((of) => pointsOf(of, figure));
    if (new Set(values.map(({ step }) => step)).size < 2) return []; // a single point: the table shows it
    return [
      {
        width: 560,
        height: 220,
        data: { values },
        layer: [
          {
            mark: { type: "area" as const, opacity: 0.2 },
            encoding: {
              x,
              y: { field: "low", type: "quantitative" as const, title: figure, scale: { zero: false } },
              y2: { field: "high" },
              color,
            },
          },
          {
            mark: { type: "line" as const, strokeWidth: 1.5 },
            encoding: { x, y: { field: "mean", type: "quantitative" as const }, color },
          },
        ],
      },
    ];
  });
  return svgOf({ title: { text: title, anchor: "start", fontSize: 14 }, vconcat: plots });
}

function pointsOf({ variant, runs }: Curves, figure: string): SeedBandPoint[] {
  const last = Math.max(0, ...runs.flatMap((run) => run.map(({ step }) => step)));
  const width = Math.max(1, last / resolution);
  const perRun = runs.map((run) => {
    const parts = new Map<number, number[]>();
    for (const metrics of run) {
      const value = metrics[figure];
      if (value === undefined || !Number.isFinite(value)) continue;
      const at = Math.ceil(metrics.step / width);
      parts.set(at, [...(parts.get(at) ?? []), value]);
    }
    return new Map([...parts].map(([at, values]) => [at, meanInterval(values).mean]));
  });
  const shared = [...(perRun[0]?.keys() ?? [])].filter((at) => perRun.every((run) => run.has(at)));
  return shared.map((at) => {
    const { mean, margin } = meanInterval(perRun.map((run) => run.get(at)!));
    return { variant, step: Math.min(last, Math.round(at * width)), mean, low: mean - margin, high: mean + margin };
  });
}
