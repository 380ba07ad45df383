import { h, type ComponentChild } from "preact";
import { labelRoom, linePlot, type PlotLine } from "../line-plot.ts";
import { themedSvgOf } from "../picture.ts";
import { bandOf, binned, notFinite, rangeOf, type Curve } from "../view/bins.ts";
import { raw } from "../view/document.ts";
import { grouped } from "../view/grouped.ts";

/** The greatest number of points of a line. */
const mostPoints = 300;

/** The width of a picture without its vertical axis, so that two stand side by side in a page. */
const widest = 420;

/** The quantity that a metric measures: `loss` and `validationLoss` share a picture. */
export function quantityOf(name: string): string {
  const bare = name.replace(/^(training|train|validation|valid|test)(?=[A-Z])/, "");
  return bare.charAt(0).toLowerCase() + bare.slice(1);
}

/** Draws a run's curves: a picture for each quantity. */
export async function drawCurves(curves: ReadonlyMap<string, Curve>): Promise<ComponentChild[]> {
  const quantities = grouped(curves.keys(), quantityOf);
  return Promise.all(
    [...quantities].map(async ([quantity, names]) => {
      const all = names.map((name) => curves.get(name)!);
      const range = rangeOf(all, mostPoints);
      const lost = all.reduce((count, curve) => count + notFinite(curve).length, 0);
      return figure(
        quantity,
        names.map((name, i) => lineOf(name, binned(all[i]!, range), all[i]!)),
        [
          range.width > 1 && `Line: means over ${range.width} steps; band: their least and greatest value. `,
          lost > 0 && `${lost} ${lost === 1 ? "value is" : "values are"} not finite: a triangle marks each.`,
        ],
      );
    }),
  );
}

/** Draws one metric of several groups of runs, which differ only in their seeds. */
export function drawBands(
  metric: string,
  groups: readonly { readonly label: string; readonly curves: readonly Curve[] }[],
): Promise<ComponentChild> {
  const range = rangeOf(
    groups.flatMap(({ curves }) => curves),
    mostPoints,
  );
  const lines = groups.map(({ label, curves }) => lineOf(label, bandOf(curves, range), ...curves));
  const each = range.width > 1 ? ` and ${range.width} steps` : "";
  return figure(metric, lines, `Line: mean over seeds${each}; band: its 95 % t interval, for two seeds or more.`);
}

/** A line of a plot, with a mark where one of the curves behind it is not finite. */
export function lineOf(
  name: string,
  bins: readonly (PlotLine["points"][number] | undefined)[],
  ...of: readonly Curve[]
): PlotLine {
  return {
    name,
    points: bins.filter((bin) => bin !== undefined),
    notFinite: of.flatMap(notFinite).slice(0, mostPoints),
  };
}

async function figure(
  title: string,
  lines: readonly PlotLine[],
  caption: ComponentChild | string | (string | false)[],
): Promise<ComponentChild> {
  const options = { title, axis: "step", width: widest - labelRoom(lines) };
  const svg = (await themedSvgOf(linePlot(lines, options))).replace("<svg", '<svg aria-hidden="true"');
  const label = `${title} over the steps: ${lines.map(({ name }) => name).join(", ")}`;
  return h("figure", {}, raw("div", svg, { role: "img", "aria-label": label }), h("figcaption", {}, caption));
}
