import { binned, binRange } from "./bins.ts";
import { drawChart, seriesColors } from "./chart.ts";
import { html, type Html } from "./html.ts";
import type { Curve } from "./recorded-run.ts";

/** The greatest number of points of a curve in a report. */
const mostPoints = 400;

/** The quantity that a metric measures: `loss` and `validationLoss` share a picture. */
export function quantityOf(name: string): string {
  const bare = name.replace(/^(training|train|validation|valid|test)(?=[A-Z])/, "");
  return bare.charAt(0).toLowerCase() + bare.slice(1);
}

/** Draws a run's curves: a picture for each quantity. */
export async function drawCurves(curves: ReadonlyMap<string, Curve>): Promise<Html[]> {
  const quantities = new Map<string, string[]>();
  for (const name of curves.keys())
    quantities.set(quantityOf(name), [...(quantities.get(quantityOf(name)) ?? []), name]);
  return Promise.all(
    [...quantities].map(([quantity, names]) =>
      drawQuantity(quantity, new Map(names.map((name) => [name, curves.get(name)!]))),
    ),
  );
}

async function drawQuantity(quantity: string, curves: ReadonlyMap<string, Curve>): Promise<Html> {
  const names = [...curves.keys()];
  const all = [...curves.values()];
  const range = binRange(
    Math.min(...all.map(({ steps }) => steps[0]!)),
    Math.max(...all.map(({ steps }) => steps.at(-1)!)),
    mostPoints,
  );
  const values = names.flatMap((series) =>
    binned(curves.get(series)!, range).flatMap((bin) => (bin === undefined ? [] : [{ series, ...bin }])),
  );
  const x = {
    field: "step",
    type: "quantitative",
    title: "step",
    axis: { tickCount: 6, tickMinStep: 1, format: ",d" },
  } as const;
  const color = {
    field: "series",
    type: "nominal",
    title: null,
    scale: { domain: names, range: seriesColors },
    ...(names.length === 1 ? { legend: null } : {}),
  } as const;
  const svg = await drawChart({
    description: `${names.join(" and ")} over the steps of the run`,
    width: 420,
    height: 220,
    title: quantity,
    data: { values },
    layer: [
      {
        mark: { type: "area", opacity: 0.2 },
        encoding: { x, y: { field: "least", type: "quantitative" }, y2: { field: "most" }, color },
      },
      {
        mark: { type: "line", strokeWidth: 1.5, ...(values.length <= 20 ? { point: true } : {}) },
        encoding: { x, y: { field: "mean", type: "quantitative", title: null, scale: { zero: false } }, color },
      },
    ],
  });
  const lost = all.reduce((count, curve) => count + curve.values.filter((value) => !Number.isFinite(value)).length, 0);
  return html`<figure>
    ${svg}
    <figcaption>
      ${range.width > 1 && `Line: means over ${range.width} steps; band: their least and greatest value. `}
      ${lost > 0 && `${lost} ${lost === 1 ? "value is" : "values are"} not finite and not drawn.`}
    </figcaption>
  </figure>`;
}
