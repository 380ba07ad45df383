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
  /** The least figure of any seed. */
  readonly least: number;
}

/** The greatest number of points of a curve; values in between are averaged. */
const resolution = 150;

/** Ten colours that also people with a colour vision deficiency tell apart: Tol 2021, the muted scheme. */
const colours = "#332288 #cc6677 #117733 #44aa99 #aa4499 #999933 #882255 #88ccee #ddcc77 #777777".split(" ");
/** The dashes of the first ten lines, and of the next ten, in which the colours come again. */
const dashes = [[], [5, 3]];

/** From this ratio of the greatest mean to the least on, a logarithmic axis tells more. */
const wideRatio = 100;

const size = { width: 560, height: 220 };

/**
 * Draws every figure over the steps, one plot below the other: for each variant the mean over the seeds, with its 95 %
 * interval as a band. `axis` is the label of the horizontal axis.
 */
export async function drawSeedBands(curves: readonly Curves[], title: string, axis = "step"): Promise<string> {
  const names = new Set(
    curves.flatMap(({ runs }) => runs.flatMap((run) => run.flatMap((metrics) => Object.keys(metrics)))),
  );
  const figures = [...names].filter((name) => name !== "step" && !name.endsWith("PerSecond"));
  const variants = curves.map(({ variant }) => variant);
  const plots = figures.flatMap((figure) => {
    const values = curves.flatMap((of) => pointsOf(of, figure));
    if (new Set(values.map(({ step }) => step)).size < 2) return []; // a single point: the table shows it
    return [plotOf(figure, values, variants, axis)];
  });
  return svgOf({ title: { text: title, anchor: "start", fontSize: 14 }, vconcat: plots });
}

/** The plot of one figure, as vega-lite specifies it. */
function plotOf(figure: string, points: readonly SeedBandPoint[], variants: readonly string[], axis: string) {
  const means = points.map(({ mean }) => mean);
  const [least, greatest] = [Math.min(...means), Math.max(...means)];
  const log = least > 0 && greatest / least >= wideRatio;
  // A figure that was never negative has no band below zero, and a logarithmic axis has no place for it.
  const floor = log ? least / 2 : points.every(({ least: lowest }) => lowest >= 0) ? 0 : -Infinity;
  const values = points.map((point) => ({ ...point, low: Math.max(floor, point.low) }));
  const x = { field: "step", type: "quantitative", title: axis } as const;
  const scale = log ? ({ type: "log" } as const) : ({ zero: false } as const);
  const y = (field: string) => ({ field, type: "quantitative", title: figure, scale }) as const;
  const of = { field: "variant", type: "nominal", title: null, sort: null } as const;
  const legend = { symbolType: "stroke", symbolOpacity: 1, symbolStrokeWidth: 2 } as const;
  const range = variants.map((_, i) => colours[i % colours.length]!);
  const color = { ...of, scale: { domain: [...variants], range }, legend } as const;
  const strokes = variants.map((_, i) => dashes[Math.floor(i / colours.length) % dashes.length]!);
  const strokeDash = { ...of, scale: { domain: [...variants], range: strokes }, legend } as const;
  return {
    ...size,
    data: { values },
    layer: [
      {
        mark: { type: "area" as const, opacity: 0.2 },
        encoding: { x, y: y("low"), y2: { field: "high" }, color },
      },
      {
        mark: { type: "line" as const, strokeWidth: 1.5 },
        encoding: { x, y: y("mean"), color, ...(variants.length > colours.length && { strokeDash }) },
      },
    ],
  };
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
    const own = perRun.map((run) => run.get(at)!);
    const { mean, margin } = meanInterval(own);
    const step = Math.min(last, Math.round(at * width));
    return { variant, step, mean, low: mean - margin, high: mean + margin, least: Math.min(...own) };
  });
}
