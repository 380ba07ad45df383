import { h, type ComponentChild } from "preact";
import { showNumber, showValue } from "./format.ts";

/** One run as a line: a value on each axis. */
export interface ParallelLine {
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** The value on the last axis, which also sets the colour of the line. */
  readonly figure: number;
}

interface Scale {
  /** From 0 at the foot of the axis to 1 at its head. */
  readonly place: (value: unknown) => number;
  readonly ticks: readonly { readonly place: number; readonly label: string }[];
}

const size = { column: 150, height: 260, head: 34, foot: 14, left: 40 } as const;

/**
 * Draws runs as lines across parallel axes, one for each setting and one for the figure, so that one sees what good
 * runs have in common. Inselberg 1985, doi:10.1007/BF01898350.
 */
export function parallelCoordinates(
  axes: readonly string[],
  metric: string,
  lines: readonly ParallelLine[],
): ComponentChild {
  const columns = [
    ...axes.map((name) => ({ name, scale: scaleOf(lines.map(({ values }) => values[name])) })),
    { name: metric, scale: scaleOf(lines.map(({ figure }) => figure)) },
  ];
  const x = (i: number) => size.left + i * size.column;
  const y = (place: number) => size.head + (1 - place) * size.height;
  const width = x(columns.length - 1) + 110;
  const height = size.head + size.height + size.foot;
  // The name of the first axis begins at the edge, so that it is not cut.
  const headOf = (i: number) => (i === 0 ? { x: 0 } : { x: x(i), "text-anchor": "middle" });
  const ink = { "font-size": 11, fill: "var(--faint)" };
  const paths = lines.map(({ name, values, figure }) => {
    const points = columns.map(
      ({ name, scale }, i) => `${x(i)} ${y(scale.place(i === axes.length ? figure : values[name]))}`,
    );
    const share = Math.round(100 * columns.at(-1)!.scale.place(figure));
    const title = [
      name,
      ...axes.map((axis) => `${axis} ${showValue(values[axis])}`),
      `${metric} ${showNumber(figure)}`,
    ];
    return h(
      "path",
      { d: `M${points.join("L")}`, fill: "none", class: "run", style: { "--share": `${share}%` } },
      h("title", {}, title.join(", ")),
    );
  });
  const labels = columns.map(({ name, scale }, i) => [
    h("line", { x1: x(i), x2: x(i), y1: y(1), y2: y(0), stroke: "var(--line)" }),
    h("text", { ...headOf(i), y: 16, "font-size": 12, fill: "var(--ink)" }, name),
    scale.ticks.map(({ place, label }) => h("text", { x: x(i) + 5, y: y(place) + 4, ...ink }, label)),
  ]);
  const about = `${lines.length} runs as lines across ${columns.map(({ name }) => name).join(", ")}`;
  const box = { viewBox: `0 0 ${width} ${height}`, width, height, style: { maxWidth: "none" } };
  return h("svg", { ...box, class: "parallel", role: "img", "aria-label": about }, paths, labels);
}

function scaleOf(values: readonly unknown[]): Scale {
  const distinct = [...new Set(values)];
  const numbers = distinct.filter((value): value is number => typeof value === "number").toSorted((a, b) => a - b);
  if (numbers.length < distinct.length) {
    const place = (value: unknown) => (distinct.length === 1 ? 0.5 : distinct.indexOf(value) / (distinct.length - 1));
    return { place, ticks: distinct.map((value) => ({ place: place(value), label: showValue(value) })) };
  }
  const [low, high] = [numbers[0]!, numbers.at(-1)!];
  const bend = low > 0 && high / low >= 20 ? Math.log : (x: number) => x;
  const place = (value: unknown) =>
    high === low ? 0.5 : (bend(value as number) - bend(low)) / (bend(high) - bend(low));
  const shown = numbers.length <= 6 ? numbers : [low, numbers[Math.floor(numbers.length / 2)]!, high];
  return { place, ticks: shown.map((value) => ({ place: place(value), label: showNumber(value) })) };
}
