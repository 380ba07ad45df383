import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { escapeHtml, Html } from "./html.ts";

/** The colours of curves. The page's style sheet sets them for light and for dark. */
export const seriesColors: readonly string[] = Array.from({ length: 8 }, (_, i) => `var(--series-${i + 1})`);

/** The style of all charts. Colours come from the page, so that one picture works for light, dark and print. */
const theme = {
  font: "system-ui, sans-serif",
  background: "transparent",
  axis: {
    labelColor: "var(--faint)",
    titleColor: "var(--faint)",
    gridColor: "var(--line)",
    domainColor: "var(--line)",
    tickColor: "var(--line)",
    titleFontWeight: "normal",
    labelFontSize: 11,
    titleFontSize: 11,
  },
  legend: {
    labelColor: "var(--ink)",
    titleColor: "var(--faint)",
    orient: "bottom",
    columns: 3,
    labelLimit: 360,
    symbolType: "stroke",
    symbolOpacity: 1,
    symbolStrokeWidth: 2,
    labelFontSize: 12,
  },
  title: { color: "var(--ink)", anchor: "start", fontSize: 13, limit: 440 },
  mark: { aria: false },
  view: { stroke: null },
} as const satisfies TopLevelSpec["config"];

/** Draws a chart as SVG for a page. Screen readers read the description. */
export async function drawChart(specification: TopLevelSpec & { readonly description: string }): Promise<Html> {
  const view = new View(parse(compile({ ...specification, config: theme }).spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return new Html(svg.replace("<svg", `<svg role="img" aria-label="${escapeHtml(specification.description)}"`));
}
