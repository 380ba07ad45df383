import { svgOf } from "@ansatz/lab";

/** What became of unseen lists of one length. */
export interface Sorted {
  readonly length: number;
  /** The share of lists that were sorted without a mistake. */
  readonly exactly: number;
  /** The share of places that are right. */
  readonly places: number;
}

/** Both shares over the length, with a line where the lengths end that the network learned from. */
export function pictureOf(found: readonly Sorted[], longest: number): Promise<string> {
  const values = found.flatMap(({ length, exactly, places }) => [
    { length, share: exactly, of: "lists without a mistake" },
    { length, share: places, of: "right places" },
  ]);
  const x = {
    field: "length",
    type: "quantitative",
    title: "numbers in the list",
    scale: { zero: false },
    axis: { tickMinStep: 1 },
  } as const;
  return svgOf({
    width: 420,
    height: 260,
    title: { text: "Unseen lists; the line is at the longest that it learned from", anchor: "start" },
    layer: [
      { data: { values: [{ length: longest }] }, mark: { type: "rule", strokeDash: [4, 4] }, encoding: { x } },
      {
        data: { values },
        mark: { type: "line", point: true },
        encoding: {
          x,
          y: { field: "share", type: "quantitative", title: "share", scale: { domain: [0, 1] } },
          color: { field: "of", type: "nominal", title: null, legend: { orient: "bottom", labelLimit: 0 } },
        },
      },
    ],
  });
}
