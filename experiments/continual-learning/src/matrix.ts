import { svgOf } from "@ansatz/lab";
import { domainNames, type DomainName } from "./domains.ts";

/** The losses on each domain after each of them was learned: a row for each, in nats a character. */
export type Matrix = readonly (readonly number[])[];

/** What a run finds. Losses are in nats for each character of unseen texts. */
export type Figures = {
  /** The mean over the domains after all of them were learned, and the loss on each. */
  readonly meanLoss: number;
  /** The mean over the domains of the loss right after each was learned. */
  readonly learned: number;
  /** How much the losses on all domains but the last rose since then, as a mean. */
  readonly forgotten: number;
} & Readonly<Record<DomainName, number>>;

export function figuresOf(matrix: Matrix): Figures {
  const last = matrix.at(-1)!;
  const own = matrix.map((row, i) => row[i]!);
  const rises = own.slice(0, -1).map((loss, i) => last[i]! - loss);
  const losses = Object.fromEntries(domainNames.map((name, i) => [name, last[i]!])) as Record<DomainName, number>;
  return { meanLoss: meanOf(last), learned: meanOf(own), forgotten: meanOf(rises), ...losses };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A cell for each domain that was learned last, and each that was judged: the darker, the higher its loss. */
export async function pictureOf(matrix: Matrix): Promise<string> {
  const cells = matrix.flatMap((row, i) =>
    row.map((loss, j) => ({ learned: `${i + 1}. ${domainNames[i]!}`, judged: domainNames[j]!, loss })),
  );
  const losses = cells.map(({ loss }) => loss);
  const middle = (Math.min(...losses) + Math.max(...losses)) / 2; // from here on a cell is dark
  const position = {
    x: {
      field: "judged",
      type: "nominal",
      title: "judged on",
      sort: null,
      axis: { orient: "top", labelAngle: 0, grid: false },
    },
    y: { field: "learned", type: "nominal", title: "after learning", sort: null, axis: { grid: false } },
  } as const;
  return svgOf({
    width: 420,
    height: 200,
    data: { values: cells },
    layer: [
      {
        mark: "rect",
        encoding: {
          ...position,
          color: { field: "loss", type: "quantitative", title: "nats", scale: { scheme: "oranges" } },
        },
      },
      {
        mark: "text",
        encoding: {
          ...position,
          text: { field: "loss", type: "quantitative", format: ".2f" },
          color: { value: "black", condition: { test: `datum.loss > ${middle}`, value: "white" } },
        },
      },
    ],
  });
}
