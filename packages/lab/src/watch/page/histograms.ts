import { showNumber } from "../../report/format.ts";
import type { RecordedHistogram } from "../messages.ts";
import { element } from "./element.ts";

const size = { width: 420, line: 26, rise: 70, foot: 20 } as const;

/** Histograms over the steps, one behind the other, the newest in front. */
export function drawHistograms(histograms: readonly RecordedHistogram[], color: string): Node {
  if (histograms.length === 0) return element("p", { class: "faint" }, "Nothing was recorded yet.");
  const low = Math.min(...histograms.map(({ edges }) => edges[0]!));
  const high = Math.max(...histograms.map(({ edges }) => edges.at(-1)!));
  const x = (value: number) => ((value - low) / (high - low || 1)) * size.width;
  const spacing = Math.min(size.line, 500 / histograms.length);
  const height = size.rise + spacing * histograms.length + size.foot;
  const picture = shape("svg", { viewBox: `0 0 ${size.width + 70} ${height}`, class: "histograms", role: "img" });
  for (const [i, { step, edges, counts }] of histograms.entries()) {
    const base = size.rise + spacing * (i + 1);
    const densities = counts.map((count, j) => count / (edges[j + 1]! - edges[j]! || 1));
    const tallest = Math.max(...densities) || 1;
    const top = (density: number) => base - (density / tallest) * size.rise * 0.9;
    const outline = densities
      .map((density, j) => `L${x(edges[j]!)} ${top(density)}L${x(edges[j + 1]!)} ${top(density)}`)
      .join("");
    picture.append(
      shape("path", {
        d: `M${x(edges[0]!)} ${base}${outline}L${x(edges.at(-1)!)} ${base}Z`,
        fill: color,
        "fill-opacity": 0.25 + (0.5 * (i + 1)) / histograms.length,
        stroke: "var(--paper)",
      }),
    );
    if (i % Math.ceil(histograms.length / 12) === 0 || i === histograms.length - 1)
      picture.append(label(size.width + 6, base, `step ${step}`));
  }
  picture.append(label(0, height - 4, showNumber(low)), label(size.width, height - 4, showNumber(high), "end"));
  return picture;
}

function label(x: number, y: number, text: string, anchor = "start"): SVGElement {
  const made = shape("text", { x, y, "text-anchor": anchor, "font-size": 10, fill: "var(--faint)" });
  made.textContent = text;
  return made;
}

function shape(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value.toString());
  return made;
}
