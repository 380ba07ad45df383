import { mean } from "simple-statistics";
import { drawChart, seriesColors } from "../report/chart.ts";
import { html, type Html } from "../report/html.ts";
import type { Curve } from "../report/recorded-run.ts";
import { meanInterval } from "../statistics.ts";
import type { RunGroup } from "./groups.ts";

/** The greatest number of points of a band. */
const mostPoints = 200;

interface BandPoint {
  readonly step: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The mean over the seeds at each step at which all seeds have a finite value, with its 95 % t interval. `width` steps
 * are combined into one point.
 */
export function bandOf(curves: readonly Curve[], width: number): BandPoint[] {
  const bins = new Map<number, number[][]>();
  for (const [i, { steps, values }] of curves.entries()) {
    for (const [j, step] of steps.entries()) {
      const bin = Math.floor((step - 1) / width);
      let seeds = bins.get(bin);
      if (seeds === undefined) bins.set(bin, (seeds = curves.map(() => [])));
      seeds[i]!.push(values[j]!);
    }
  }
  return [...bins]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([bin, seeds]) => {
      if (seeds.some((values) => values.length === 0 || !values.every(Number.isFinite))) return [];
      const means = seeds.map((values) => mean(values));
      const { mean: middle, margin } = meanInterval(means);
      const reach = means.length > 1 ? margin : 0;
      return [{ step: bin * width + (width + 1) / 2, mean: middle, low: middle - reach, high: middle + reach }];
    });
}

/** Draws one metric of all groups. */
export async function drawBands(metric: string, groups: readonly RunGroup[]): Promise<Html> {
  const measured = groups
    .map(({ label, runs }) => ({ label, curves: runs.flatMap(({ curves }) => curves.get(metric) ?? []) }))
    .filter(({ curves }) => curves.length > 0);
  const all = measured.flatMap(({ curves }) => curves);
  const points = new Set(all.flatMap(({ steps }) => steps)).size;
  const width =
    points <= mostPoints
      ? 1
      : Math.ceil(all.reduce((most, { steps }) => Math.max(most, steps.at(-1)!), 0) / mostPoints);
  const labels = groups.map(({ label }) => label);
  const values = measured.flatMap(({ label, curves }) =>
    bandOf(curves, width).map((point) => ({
      group: label,
      dash: Math.floor(labels.indexOf(label) / seriesColors.length),
      ...point,
    })),
  );
  const x = {
    field: "step",
    type: "quantitative",
    title: "step",
    axis: { tickCount: 6, tickMinStep: 1, format: ",d" },
  } as const;
  const color = {
    field: "group",
    type: "nominal",
    title: null,
    scale: { domain: labels, range: seriesColors },
    legend: { columns: 1, symbolLimit: 24 },
  } as const;
  const svg = await drawChart({
    description: `${metric} over the steps, a line for each group of runs`,
    width: 420,
    height: 240,
    title: metric,
    data: { values },
    layer: [
      {
        mark: { type: "area", opacity: 0.18 },
        encoding: { x, y: { field: "low", type: "quantitative" }, y2: { field: "high" }, color },
      },
      {
        mark: { type: "line", strokeWidth: 1.5, ...(values.length <= 40 ? { point: true } : {}) },
        encoding: {
          x,
          y: { field: "mean", type: "quantitative", title: null, scale: { zero: false } },
          color,
          strokeDash: {
            field: "dash",
            type: "ordinal",
            legend: null,
            scale: {
              domain: [0, 1, 2],
              range: [
                [1, 0],
                [6, 3],
                [2, 3],
              ],
            },
          },
        },
      },
    ],
  });
  return html`<figure>
    ${svg}
    <figcaption>
      Line: mean over seeds${width > 1 && ` and ${width} steps`}; band: its 95 % t interval, for two seeds or more.
    </figcaption>
  </figure>`;
}
