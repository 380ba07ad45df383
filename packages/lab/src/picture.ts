import type { TopLevelSpec } from "vega-lite";
import { lightSeries, seriesColor } from "./view/theme.ts";

/** The colours of a picture: of one that stands alone, or of one in a page, which has a light and a dark theme. */
export interface Look {
  readonly ink: string;
  readonly faint: string;
  readonly line: string;
  readonly background: string;
  readonly font: string;
  readonly series: (i: number) => string;
}

const alone: Look = {
  ink: "black",
  faint: "#4d4d4d",
  line: "#ddd",
  background: "white",
  font: "DejaVu Sans, Helvetica, Arial, sans-serif",
  series: (i) => lightSeries[i % lightSeries.length]!,
};

export const inPage: Look = {
  ink: "var(--ink)",
  faint: "var(--faint)",
  line: "var(--line)",
  background: "transparent",
  font: "system-ui, sans-serif",
  series: seriesColor,
};

/** What is to be drawn: a specification of vega-lite, or one that depends on the colours. */
type Specification = TopLevelSpec | ((look: Look) => TopLevelSpec);

/**
 * Draws a plot as SVG, in the style that all of the lab's plots share, from a specification of vega-lite.
 *
 * @example const mark = { mark: "point", encoding: { x: { field: "x", type: "quantitative" } } } as const;
 * (await svgOf({ data: { values: [{ x: 1 }] }, ...mark })).startsWith("<svg") // true
 */
export async function svgOf(specification: Specification, look: Look = alone): Promise<string> {
  // These packages are large, so they are loaded only for drawing.
  const [{ parse, View }, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  const { ink, faint, line, background, font } = look;
  const whole: TopLevelSpec = {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background,
    padding: look === alone ? 16 : 5,
    config: {
      font,
      axis: {
        ...{ grid: true, gridColor: line, domainColor: line, tickColor: line, labelFontSize: 11 },
        ...{ labelColor: faint, titleColor: faint, titleFontWeight: "normal", titleFontSize: 11 },
      },
      title: { color: ink, subtitleColor: faint, anchor: "start", fontSize: 14, limit: 640 },
      legend: { labelColor: ink, titleColor: faint, labelLimit: 360, symbolType: "stroke", symbolStrokeWidth: 2 },
      text: { color: ink },
      view: { stroke: null },
    },
    ...(typeof specification === "function" ? specification(look) : specification),
  };
  const view = new View(parse(compile(whole).spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}
