import type { Bin } from "./view/bins.ts";
import { seriesColor } from "./view/theme.ts";

/** A line with its band. */
export interface PlotLine {
  readonly name: string;
  readonly points: readonly Bin[];
  /** Where its value is not finite: a triangle stands there at the top. */
  readonly notFinite?: readonly number[];
}

/** What a plot of lines says besides them. */
interface PlotOptions {
  readonly title: string;
  /** The title of the horizontal axis. */
  readonly axis: string;
  /** Whether the horizontal axis is logarithmic. */
  readonly logarithmic?: boolean;
  /** Whether each point is a measurement of its own, with a mark and its interval. */
  readonly marked?: boolean;
  readonly width?: number;
  readonly height?: number;
}

/** From this ratio of the greatest mean to the least on, a logarithmic axis tells more. */
const wideRatio = 100;
/** The height of a label beside a line, in pixels. */
const labelHeight = 13;
/** About how wide a letter of a label is, and how wide a label may be, in pixels. */
const [letterWidth, widestLabel] = [6.5, 200];
/** Lines that are nearer than this hide each other, in pixels. */
const hidden = 3;
/** The most lines in one plot. */
const mostLines = 10;
/** How many small plots stand side by side. */
const columns = 3;

/** A vertical axis, as a scale of vega-lite and as a function: how far a value is from the bottom, in pixels. */
interface VerticalAxis {
  readonly scale: { readonly type: "log" | "linear"; readonly domain: [number, number]; readonly nice: false };
  place(value: number): number;
  /** The value at a place. */
  valueAt(place: number): number;
}

/**
 * Lines over an axis, as vega-lite specifies them: each with its name beside its end, or with a legend if there is no
 * room. Lines that would hide each other have a small plot each, in which the others are grey. One without a value is
 * left out, and the others keep their colours.
 */
export function linePlot(lines: readonly PlotLine[], options: PlotOptions) {
  const { title, width = 560, height = 220 } = options;
  const coloured = lines
    .map((line, i) => ({ ...line, color: seriesColor(i) }))
    .filter(({ points, notFinite = [] }) => points.length > 0 || notFinite.length > 0);
  const few = coloured.length <= mostLines || coloured.every(({ points }) => points.length === 1);
  if (few && !hideEachOther(coloured, verticalAxis(coloured, height))) {
    const [first] = coloured;
    const single = coloured.length === 1 && first!.name !== title;
    const head = single ? { text: title, subtitle: first!.name } : title;
    return { title: head, ...plotOf(coloured, coloured, options, width, height) };
  }
  const size = [Math.round(width / columns) - 30, Math.round(height / 2)] as const;
  return {
    title: { text: title },
    columns,
    resolve: { scale: { color: "independent" as const } },
    concat: coloured.map((line) => ({
      title: { text: line.name, fontSize: 11, fontWeight: "normal" as const, limit: size[0] },
      ...plotOf([line], coloured, options, ...size),
    })),
  };
}

/** How wide the names beside several lines are, in pixels; 0 if they are too long to stand there. */
export function labelRoom(lines: readonly PlotLine[]): number {
  const width = letterWidth * Math.max(...lines.map(({ name }) => name.length)) + 12;
  return lines.length > 1 && width <= widestLabel ? width : 0;
}

type ColouredLine = PlotLine & { readonly color: string };

/** A plot of some lines on the axes of all, in which the others are grey. */
function plotOf(
  lines: readonly ColouredLine[],
  all: readonly ColouredLine[],
  { axis: horizontal, logarithmic = false, marked = false }: PlotOptions,
  width: number,
  height: number,
) {
  const axis = verticalAxis(all, height);
  const labelled = labelRoom(lines) > 0 && lines.length * labelHeight <= height;
  const others = all.flatMap((line) =>
    lines.includes(line) ? [] : line.points.map((one) => ({ line: line.name, ...one })),
  );
  const [bottom, top] = axis.scale.domain;
  const values = lines.flatMap(({ name, points }) =>
    points.map((point) => ({ line: name, ...point, low: Math.max(point.low, bottom) })),
  );
  const whole = values.every(({ step }) => Number.isInteger(step));
  const ticks = { tickCount: width < 300 ? 3 : 6, ...(whole && { tickMinStep: 1 }) };
  const along = { type: logarithmic ? "log" : "linear", nice: false, ...(!logarithmic && { zero: false }) } as const;
  const x = { field: "step", type: "quantitative", title: horizontal, axis: ticks, scale: along } as const;
  const own = { title: null, scale: axis.scale, axis: { tickCount: height < 150 ? 3 : 6 } } as const;
  const y = (field: string) => ({ field, type: "quantitative", ...own }) as const;
  const scale = { domain: lines.map(({ name }) => name), range: lines.map(({ color }) => color) };
  const abreast = Math.max(
    1,
    Math.floor(width / (letterWidth * Math.max(...lines.map(({ name }) => name.length)) + 30)),
  );
  const key = lines.length > 1 && !labelled ? { orient: "bottom" as const, columns: abreast, symbolOpacity: 1 } : null;
  const color = { field: "line", type: "nominal", title: null, scale, legend: key } as const;
  const lost = lines.flatMap(({ name, notFinite = [] }) => notFinite.map((step) => ({ line: name, step })));
  return {
    width,
    height,
    data: { values },
    layer: [
      {
        data: { values: others },
        mark: { type: "line" as const, strokeWidth: 1, color: "var(--faint)", opacity: 0.25 },
        encoding: { x, y: y("mean"), detail: { field: "line" } },
      },
      {
        mark: { type: "area" as const, opacity: 0.2 },
        encoding: { x, y: y("low"), y2: { field: "high" }, color },
      },
      {
        mark: { type: "line" as const, strokeWidth: 1.5, ...((marked || values.length <= 20) && { point: true }) },
        encoding: { x, y: y("mean"), color },
      },
      ...(marked
        ? [{ mark: { type: "rule" as const }, encoding: { x, y: y("low"), y2: { field: "high" }, color } }]
        : []),
      {
        data: { values: lost },
        mark: { type: "point" as const, shape: "triangle-down", filled: true, size: 50, opacity: 1 },
        encoding: { x, y: { datum: top, type: "quantitative" as const, scale: axis.scale }, color },
      },
      ...(labelled ? labels(lines, axis, { x, y, color }, width) : []),
    ],
  };
}

/** A name beside the end of each line, and a leader from there to it, where names would overlap. */
function labels(
  lines: readonly PlotLine[],
  axis: VerticalAxis,
  channels: { readonly x: object; readonly y: (field: string) => object; readonly color: object },
  width: number,
) {
  const { x, y, color } = channels;
  const ends = lines.flatMap(({ name, points }) => (points.length === 0 ? [] : [{ line: name, ...points.at(-1)! }]));
  const placed = ends.toSorted((a, b) => axis.place(a.mean) - axis.place(b.mean));
  const places = placed.map(({ mean }) => axis.place(mean));
  for (let i = 1; i < places.length; i++) places[i] = Math.max(places[i]!, places[i - 1]! + labelHeight);
  // What was pushed over the top comes down again, and pushes those below it.
  let roof = Math.max(axis.place(axis.scale.domain[1]), labelHeight * (places.length - 1));
  for (let i = places.length - 1; i >= 0; i--, roof -= labelHeight) {
    if (places[i]! <= roof) roof = places[i]!;
    places[i] = roof;
  }
  const values = placed.map((end, i) => ({ ...end, label: axis.valueAt(places[i]!) }));
  const data = { values };
  return [
    {
      data,
      mark: { type: "rule" as const, opacity: 0.7 },
      encoding: { x, x2: { value: width + 8 }, y: y("mean"), y2: { field: "label" }, color },
    },
    {
      data,
      mark: { type: "text" as const, align: "left" as const, baseline: "middle" as const, fontSize: 11 },
      encoding: { x: { value: width + 11 }, y: y("label"), text: { field: "line" } },
    },
  ];
}

/** The vertical axis of lines: logarithmic if their means spread widely, and never lower than what is measured. */
function verticalAxis(lines: readonly PlotLine[], height: number): VerticalAxis {
  const points = lines.flatMap((line) => line.points);
  const [low, high] = [Math.min(...points.map((one) => one.low)), Math.max(...points.map((one) => one.high))];
  const [least, greatest] = [Math.min(...points.map((one) => one.mean)), Math.max(...points.map((one) => one.mean))];
  const logarithmic = least > 0 && greatest / least >= wideRatio;
  const [bend, back] = logarithmic ? [Math.log, Math.exp] : [(value: number) => value, (value: number) => value];
  const [from, to] = [bend(logarithmic ? Math.max(low, least / 2) : low), bend(high)];
  const room = (to - from || Math.abs(to) || 1) * 0.04;
  const bottom = from === 0 ? 0 : from - room;
  const top = to + room;
  return {
    scale: { type: logarithmic ? "log" : "linear", domain: [back(bottom), back(top)], nice: false },
    place: (value) => (height * (bend(value) - bottom)) / (top - bottom),
    valueAt: (place) => back(bottom + (place / height) * (top - bottom)),
  };
}

/** Whether most neighbours among several lines are nearer than what one can see. */
function hideEachOther(lines: readonly PlotLine[], axis: VerticalAxis): boolean {
  if (lines.length < 4) return false;
  const at = new Map<number, number[]>();
  for (const { points } of lines)
    for (const { step, mean } of points) at.set(step, [...(at.get(step) ?? []), axis.place(mean)]);
  const gaps = [...at.values()].flatMap((places) => {
    const sorted = places.toSorted((a, b) => a - b);
    return sorted.slice(1).map((place, i) => place - sorted[i]!);
  });
  return gaps.filter((gap) => gap < hidden).length > gaps.length / 2;
}
