import { h, type ComponentChild } from "preact";
import { showNumber } from "./format.ts";

/** How often the values of a parameter, or of its gradient, lay in each bin at a step. */
export interface DrawnHistogram {
  readonly step: number;
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

const size = { width: 420, line: 26, rise: 70, foot: 20 } as const;

/** Histograms over the steps, one behind the other, the newest in front. */
export function histogramsOf(histograms: readonly DrawnHistogram[], color: string, about: string): ComponentChild {
  if (histograms.length === 0) return h("p", { class: "faint" }, "Nothing was recorded yet.");
  const low = Math.min(...histograms.map(({ edges }) => edges[0]!));
  const high = Math.max(...histograms.map(({ edges }) => edges.at(-1)!));
  const x = (value: number) => ((value - low) / (high - low || 1)) * size.width;
  const spacing = Math.min(size.line, 500 / histograms.length);
  const height = size.rise + spacing * histograms.length + size.foot;
  const text = (left: number, top: number, content: string, anchor = "start") =>
    h("text", { x: left, y: top, "text-anchor": anchor, "font-size": 11, fill: "var(--faint)" }, content);
  const outlines = histograms.map(({ step, edges, counts }, i) => {
    const base = size.rise + spacing * (i + 1);
    const densities = counts.map((count, j) => count / (edges[j + 1]! - edges[j]! || 1));
    const tallest = Math.max(...densities) || 1;
    const top = (density: number) => base - (density / tallest) * size.rise * 0.9;
    const steps = densities.map((one, j) => `L${x(edges[j]!)} ${top(one)}L${x(edges[j + 1]!)} ${top(one)}`).join("");
    const d = `M${x(edges[0]!)} ${base}${steps}L${x(edges.at(-1)!)} ${base}Z`;
    const opacity = 0.25 + (0.5 * (i + 1)) / histograms.length;
    const named = i % Math.ceil(histograms.length / 12) === 0 || i === histograms.length - 1;
    return [
      h("path", { d, fill: color, "fill-opacity": opacity, stroke: "var(--paper)" }),
      named && text(size.width + 6, base, `step ${step.toLocaleString("en")}`),
    ];
  });
  const ends = [text(0, height - 4, showNumber(low)), text(size.width, height - 4, showNumber(high), "end")];
  const label = `${about}: histograms over the steps`;
  const view = `0 0 ${size.width + 80} ${height}`;
  return h("svg", { viewBox: view, class: "histograms", role: "img", "aria-label": label }, outlines, ends);
}
