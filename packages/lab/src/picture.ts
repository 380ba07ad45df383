import type { TopLevelSpec } from "vega-lite";

/** A plot as SVG, in the look that all plots here have. */
export async function svgOf(specification: TopLevelSpec): Promise<string> {
  const [{ parse, View }, { compile }] = await Promise.all([import("vega"), import("vega-lite")]); // large: loaded by whoever draws
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
