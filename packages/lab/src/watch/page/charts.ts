import { h, type ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { duration } from "../../progress.ts";
import { showNumber } from "../../view/format.ts";
import { hasBands, type DrawnChart, type DrawnLine } from "../messages.ts";
import { fetchCurves } from "./api.ts";
import { choice, field } from "./controls.ts";
import { useFetched } from "./details.ts";
import { nearestLine } from "./nearest-line.ts";
import type { PageState, PartProps } from "./state.ts";

const height = 240;
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });
/** A number beside an axis. */
const showTick = (value: number) => (Math.abs(value) >= 10_000 ? compact.format(value) : showNumber(value));
/** How many points are requested of a line: about one for each pixel of a chart, and fewer of each of many lines. */
const pointsOf = (lines: number) => Math.round(Math.min(600, Math.max(150, 60_000 / lines)));

/** The curves of the lines that are drawn: a chart for each metric. */
export function Charts({ lines, state, set }: PartProps): ComponentChildren {
  const { axis, smoothing, logX, logY, ranges } = state;
  const request = {
    ...{ axis, smoothing, ranges, points: pointsOf(lines.length), logarithmic: logX },
    lines: lines.map(({ id, drawn: runs }) => ({ id, runs: runs.map((run) => run.id) })),
  };
  const revisions = lines.flatMap((line) => line.drawn.map(({ revision }) => revision)).join();
  const drawn = useFetched(
    async () => (lines.length === 0 ? undefined : fetchCurves(request)),
    [JSON.stringify(request), revisions],
  );
  const isPace = ({ metric }: DrawnChart) => Number(metric.endsWith("PerSecond"));
  const sorted = (drawn?.charts ?? []).toSorted((a, b) => isPace(a) - isPace(b));
  const axes = [...new Set([...(drawn?.axes ?? ["step"]), axis])];
  return [
    h(
      "div",
      { class: "tools" },
      choice("over", axis, axes, (name) => set({ axis: name, ranges: {} }), titleOf),
      field("log x", { type: "checkbox", checked: logX }, ({ checked }) => set({ logX: checked })),
      field("log y", { type: "checkbox", checked: logY }, ({ checked }) => set({ logY: checked })),
      field("smoothing", { type: "range", min: 0, max: 0.99, step: 0.01, value: smoothing }, ({ value }) =>
        set({ smoothing: Number(value) }),
      ),
      h("output", {}, smoothing.toFixed(2)),
      Object.keys(ranges).length > 0 && h("button", { onClick: () => set({ ranges: {} }) }, "whole range"),
      h("span", { class: "faint" }, "drag over a chart to zoom in"),
    ),
    lines.length === 0 && h("p", { class: "faint" }, "No run is drawn."),
    drawn?.charts.length === 0 && lines.length > 0 && h("p", { class: "faint" }, "Nothing was measured yet."),
    h(
      "div",
      { class: "grid" },
      sorted.map((chart) => h(Chart, { key: chart.metric, chart, lines, state, set })),
    ),
  ];
}

/** What an axis is called. */
function titleOf(axis: string): string {
  return axis === "seconds" ? "wall time" : axis;
}

interface ChartProps extends PartProps {
  readonly chart: DrawnChart;
}

/** The chart of one metric. It is made anew only if its lines or its scales are others. */
function Chart({ chart, lines, state, set }: ChartProps): ComponentChildren {
  const place = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLSpanElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(chart);
  latest.current = chart;
  const colors = new Map(lines.map(({ id, color = "" }) => [id, color]));
  const own = chart.lines.filter(({ id }) => colors.has(id));
  const { metric } = chart;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const shape = JSON.stringify([own.map(({ id }) => [id, colors.get(id)]), state.axis, state.logX, state.logY, dark]);
  const zoom = (range: readonly [number, number] | undefined) => {
    const { [metric]: _before, ...others } = state.ranges;
    set({ ranges: range === undefined ? others : { ...others, [metric]: range } });
  };
  const zoomed = useRef(zoom);
  zoomed.current = zoom;
  useEffect(() => {
    const target = place.current!;
    const tell = (text = "") => (readout.current!.textContent = text);
    const options = optionsOf(
      latest,
      own.map(({ id }) => resolved(colors.get(id)!)),
      state,
      tell,
      zoomed,
    );
    const made = new uPlot({ ...options, width: target.clientWidth }, dataOf(chart, state), target);
    made.over.addEventListener("dblclick", () => zoomed.current(undefined));
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: target.clientWidth, height }));
    observer.observe(target);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(dataOf(chart, state)), [chart]);
  const lost = own.reduce((count, { notFinite }) => count + notFinite.length, 0);
  return h(
    "figure",
    { "data-metric": metric },
    h(
      "figcaption",
      {},
      h("b", {}, metric),
      lost > 0 && h("span", { class: "bad" }, "▼ not finite"),
      h("span", { class: "readout", ref: readout }),
    ),
    h("div", { ref: place, class: "plot" }),
  );
}

function dataOf(chart: DrawnChart, { logY }: PageState): uPlot.AlignedData {
  const positive = (values: DrawnLine["value"]) =>
    logY ? values.map((value) => (value !== null && value > 0 ? value : null)) : [...values];
  const columns = chart.lines.flatMap(({ value, low, high }) =>
    (hasBands(chart.lines) ? [low, high, value] : [value]).map(positive),
  );
  return [[...chart.places], ...columns] as uPlot.AlignedData;
}

/** A colour as a canvas takes it. */
function resolved(color: string): string {
  const name = /^var\((.*)\)$/.exec(color)?.[1];
  return name === undefined ? color : getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function optionsOf(
  latest: { readonly current: DrawnChart },
  colors: readonly string[],
  { axis: horizontal, logX, logY }: PageState,
  tell: (text?: string) => void,
  zoom: { readonly current: (range: readonly [number, number]) => void },
): Omit<uPlot.Options, "width"> {
  const { lines } = latest.current;
  const bands = hasBands(lines);
  const columns = lines.map((_, i) => (bands ? 3 * i + 3 : i + 1));
  const line = resolved("var(--line)");
  const axis = {
    stroke: resolved("var(--faint)"),
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1 },
  };
  const numbers = (values: readonly (number | null)[], show = showTick) =>
    values.map((value) => (value === null ? "" : show(value)));
  const time = (value: number) => (horizontal === "seconds" ? duration(value * 1_000) : undefined);
  const place = (value: number) => time(value) ?? showTick(Math.round(value));
  const exactly = (value: number) => time(value) ?? `${horizontal} ${Math.round(value).toLocaleString("en")}`;
  const faint = (color: string, share: number) => `color-mix(in srgb, ${color} ${share}%, transparent)`;
  const series = lines.flatMap(({ points: count }, i): uPlot.Series[] => {
    const main = { stroke: colors[i]!, width: 1.5, spanGaps: true, points: { show: count <= 50 } };
    const raw = { stroke: faint(colors[i]!, 30), width: 1, spanGaps: true, points: { show: false } };
    return bands ? [raw, raw, main] : [main];
  });
  return {
    height,
    legend: { show: false },
    cursor: {
      drag: { x: true, y: false, setScale: false },
      hover: { skip: [null, undefined] },
      points: { show: false },
    },
    plugins: [
      nearestLine(columns, colors, resolved("var(--paper)"), ({ data }, near) => {
        const value = near && data[columns[near.line]!]![near.index];
        tell(near && `${lines[near.line]!.id}  ${exactly(data[0][near.index]!)}: ${showNumber(value!)}`);
      }),
    ],
    scales: { x: { time: false, distr: logX ? 3 : 1 }, y: { distr: logY ? 3 : 1 } },
    axes: [
      { ...axis, space: 70, values: (_plot, values) => numbers(values, place) },
      { ...axis, size: 60, values: (_plot, values) => numbers(values) },
    ],
    series: [{}, ...series],
    ...(bands && {
      bands: lines.map((_, i) => ({ series: [3 * i + 2, 3 * i + 1] as [number, number], fill: faint(colors[i]!, 22) })),
    }),
    hooks: {
      setSelect: [
        ({ select: { left, width }, posToVal }) =>
          width > 3 && zoom.current([posToVal(left, "x"), posToVal(left + width, "x")]),
      ],
      draw: [(plot) => latest.current.lines.forEach(({ notFinite }, i) => markLost(plot, notFinite, colors[i]!))],
    },
  };
}

/** A triangle at the top of a chart at each place where a line is not finite. */
function markLost(plot: uPlot, places: readonly number[], color: string): void {
  const { ctx, bbox } = plot;
  const size = 5 * devicePixelRatio;
  ctx.fillStyle = color;
  for (const at of places) {
    const x = plot.valToPos(at, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x - size, bbox.top);
    ctx.lineTo(x + size, bbox.top);
    ctx.lineTo(x, bbox.top + 1.6 * size);
    ctx.fill();
  }
}
