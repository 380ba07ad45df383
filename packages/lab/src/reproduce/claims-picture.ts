import { boundsOf, describeBounds } from "../experiment/claim.ts";
import { svgOf } from "../picture.ts";
import type { Outcome, Verdict } from "./judge.ts";
import { showInterval } from "../view/format.ts";

/** A colour and a shape for each verdict: people who do not tell the colours apart tell the shapes. */
const marks: Readonly<Record<Outcome, { readonly colour: string; readonly shape: string }>> = {
  held: { colour: "#0072b2", shape: "circle" },
  refuted: { colour: "#d55e00", shape: "cross" },
  undecided: { colour: "#767676", shape: "diamond" },
};

const width = 640;
/** The most letters in a line: Vega takes a letter of 12 pixels to be 9.6 wide, and cuts a line at `width`. */
const lineLength = 66;

/**
 * Draws each claim on an axis of its own: the figure of each seed, their mean with its 95 % interval, the range that
 * the claim wants, and the paper's figure.
 */
export async function drawClaims(verdicts: readonly Verdict[], title: string): Promise<string> {
  return svgOf({
    title: {
      text: title,
      subtitle: linesOf("green: wanted; line: 95 % interval; ticks: seeds; triangle: the paper"),
      anchor: "start",
      fontSize: 14,
      offset: 12,
    },
    spacing: 22,
    vconcat: verdicts.map(plotOf),
  });
}

/** The plot of a claim, as vega-lite specifies it. */
function plotOf(verdict: Verdict) {
  const { claim, values, mean, margin, verdict: outcome } = verdict;
  const { colour, shape } = marks[outcome];
  const { low, high } = boundsOf(claim);
  const finite = values.filter(Number.isFinite);
  const interval = Number.isFinite(margin) ? [mean - margin, mean + margin] : [mean, mean];
  const shown = [...finite, ...interval, low, high, claim.reported ?? NaN].filter(Number.isFinite);
  const [least, most] = [Math.min(...shown), Math.max(...shown)];
  const room = (most - least || Math.abs(most) || 1) * 0.06;
  const domain = [least - room, most + room];
  const wanted = [{ from: Math.max(low, domain[0]!), to: Math.min(high, domain[1]!) }];
  const at = (field: string) =>
    ({
      field,
      type: "quantitative",
      scale: { domain, nice: false, zero: false },
      axis: { title: null, tickCount: 6, grid: false, domain: false, labelBound: true },
    }) as const;
  const reported = claim.reported === undefined ? "" : `, the paper ${Number(claim.reported.toPrecision(4))}`;
  return {
    width,
    height: 24,
    view: { fill: "#f2f2f2" },
    title: {
      text: linesOf(claim.claim),
      subtitle: linesOf(`${outcome}: ${showInterval({ mean, margin })}, wanted ${describeBounds(claim)}${reported}`),
      anchor: "start" as const,
      fontSize: 12,
      fontWeight: "normal" as const,
      subtitleColor: colour,
      subtitleFontWeight: "bold" as const,
      offset: 6,
    },
    layer: [
      {
        data: { values: wanted },
        mark: { type: "rect" as const, color: "#dcebdc" },
        encoding: { x: at("from"), x2: { field: "to" } },
      },
      {
        data: { values: finite.map((value) => ({ value })) },
        mark: { type: "tick" as const, color: colour, opacity: 0.45, thickness: 1, size: 14 },
        encoding: { x: at("value") },
      },
      ...(Number.isFinite(mean)
        ? [
            {
              data: { values: [{ from: interval[0], to: interval[1] }] },
              mark: { type: "rule" as const, color: colour, strokeWidth: 2.5 },
              encoding: { x: at("from"), x2: { field: "to" } },
            },
            {
              data: { values: [{ value: mean }] },
              mark: { type: "point" as const, color: colour, filled: true, size: 90, shape, opacity: 1 },
              encoding: { x: at("value") },
            },
          ]
        : []),
      ...(claim.reported === undefined
        ? []
        : [
            {
              data: { values: [{ value: claim.reported }] },
              mark: {
                type: "point" as const,
                shape: "triangle-down",
                filled: true,
                color: "black",
                size: 70,
                yOffset: -12,
              },
              encoding: { x: at("value") },
            },
          ]),
    ],
  };
}

/** A sentence in lines that fit above a plot. */
function linesOf(text: string): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)!} ${word}`.trim();
    if (longer.length <= lineLength || lines.at(-1) === "") lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
