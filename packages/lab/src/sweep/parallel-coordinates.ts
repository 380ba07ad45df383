import { drawChart } from "../report/chart.ts";
import { showNumber, showValue } from "../report/format.ts";
import type { Html } from "../report/html.ts";

/** One run as a line: a value on each axis. */
export interface ParallelLine {
  readonly values: Readonly<Record<string, unknown>>;
  /** The value on the last axis, which also sets the colour of the line. */
  readonly figure: number;
}

interface Scale {
  /** From 0 at the foot of the axis to 1 at its head. */
  readonly place: (value: unknown) => number;
  readonly ticks: readonly { readonly place: number; readonly label: string }[];
}

/**
 * Draws runs as lines across parallel axes, one for each setting and one for the figure, so that one sees what good
 * runs have in common. Inselberg 1985, doi:10.1007/BF01898350.
 */
export function drawParallelCoordinates(
  axes: readonly string[],
  metric: string,
  lines: readonly ParallelLine[],
): Promise<Html> {
  const columns = [
    ...axes.map((name) => ({ name, scale: scaleOf(lines.map(({ values }) => values[name])) })),
    { name: metric, scale: scaleOf(lines.map(({ figure }) => figure)) },
  ];
  const names = columns.map(({ name }) => name);
  const points = lines.flatMap(({ values, figure }, run) =>
    columns.map(({ name, scale }, i) => ({
      run,
      axis: name,
      place: scale.place(i === columns.length - 1 ? figure : values[name]),
      figure,
    })),
  );
  const x = {
    field: "axis",
    type: "nominal",
    sort: null,
    scale: { domain: names, padding: 0.4 },
    axis: {
      title: null,
      domain: false,
      ticks: false,
      orient: "top",
      labelAngle: 0,
      labelFontSize: 12,
      labelLimit: 160,
    },
  } as const;
  const y = { field: "place", type: "quantitative", axis: null, scale: { domain: [-0.04, 1.1] as number[] } } as const;
  return drawChart({
    description: `${lines.length} runs as lines across ${names.join(", ")}`,
    width: Math.max(320, 150 * columns.length),
    height: 280,
    layer: [
      {
        data: { values: names.map((axis) => ({ axis })) },
        mark: { type: "rule", color: "var(--line)" },
        encoding: { x },
      },
      {
        data: { values: points },
        mark: { type: "line", strokeWidth: 1.5, opacity: 0.8 },
        encoding: {
          x,
          y,
          detail: { field: "run" },
          color: {
            field: "figure",
            type: "quantitative",
            title: metric,
            scale: { scheme: "viridis" },
            legend: { orient: "right", type: "gradient" },
          },
        },
      },
      {
        data: { values: columns.flatMap(({ name, scale }) => scale.ticks.map((tick) => ({ axis: name, ...tick }))) },
        mark: { type: "text", align: "left", dx: 5, fontSize: 10, color: "var(--faint)" },
        encoding: { x, y, text: { field: "label" } },
      },
    ],
  });
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
