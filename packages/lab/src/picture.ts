import type { TopLevelSpec } from "vega-lite";
import { inLight } from "./view/theme.ts";

/**
 * Draws a plot as SVG, in the style that all of the lab's plots share, from a specification of vega-lite.
 *
 * @example const mark = { mark: "point", encoding: { x: { field: "x", type: "quantitative" } } } as const;
 * (await svgOf({ data: { values: [{ x: 1 }] }, ...mark })).startsWith("<svg") // true
 */
export async function svgOf(specification: TopLevelSpec): Promise<string> {
  return inLight(await themedSvgOf({ background: "white", padding: 16, ...specification }));
}

/** The same in the colours of the theme, for a page that has it. */
export async function themedSvgOf(specification: TopLevelSpec): Promise<string> {
  // These packages are large, so they are loaded only for drawing.
  const [{ parse, View }, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  const [ink, faint, line] = ["var(--ink)", "var(--faint)", "var(--line)"];
  const whole: TopLevelSpec = {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "transparent",
    config: {
      font: "DejaVu Sans, Helvetica, Arial, sans-serif",
      axis: {
        ...{ grid: true, gridColor: line, domainColor: line, tickColor: line, labelFontSize: 11 },
        ...{ labelColor: faint, titleColor: faint, titleFontWeight: "normal", titleFontSize: 11 },
      },
      title: { color: ink, subtitleColor: faint, anchor: "start", fontSize: 14, limit: 640 },
      legend: { labelColor: ink, titleColor: faint, labelLimit: 360, symbolType: "stroke", symbolStrokeWidth: 2 },
      text: { color: ink },
      view: { stroke: null },
    },
    ...specification,
  };
  const view = new View(parse(compile(whole).spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}
