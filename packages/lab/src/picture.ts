import type { TopLevelSpec } from "vega-lite";

/**
 * Draws a plot as SVG, in the style that all of the lab's plots share, from a specification of vega-lite.
 *
 * @example const mark = { mark: "point", encoding: { x: { field: "x", type: "quantitative" } } } as const;
 * (await svgOf({ data: { values: [{ x: 1 }] }, ...mark })).startsWith("<svg") // true
 */
export async function svgOf(specification: TopLevelSpec): Promise<string> {
  // These packages are large, so they are loaded only for drawing.
  const [{ parse, View }, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  const whole: TopLevelSpec = {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 16,
    config: {
      font: "DejaVu Sans, Helvetica, Arial, sans-serif",
      axis: { grid: true, gridOpacity: 0.4 },
      view: { stroke: null },
    },
    ...specification,
  };
  return new View(parse(compile(whole).spec), { renderer: "none" }).toSVG();
}
