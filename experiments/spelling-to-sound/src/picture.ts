import { svgOf } from "@ansatz/lab";

/** A cell for each phoneme that was said and each letter: the darker, the more the phoneme looked at the letter. */
export function pictureOf(
  letters: readonly string[],
  phonemes: readonly string[],
  weights: readonly (readonly number[])[],
): Promise<string> {
  const values = phonemes.flatMap((phoneme, row) =>
    letters.map((letter, column) => ({ phoneme, letter, row, column, weight: weights[row]![column]! })),
  );
  const names = (axis: string, all: readonly string[]) => ({
    ...{ grid: false, ticks: false, domain: false, labelAngle: 0, labelFontSize: 13 },
    labelExpr: `${JSON.stringify(all)}[datum.value]`, // the same letter may stand in several places
    ...(axis === "x" && { orient: "top" as const }),
  });
  const size = 30;
  return svgOf({
    width: size * letters.length,
    height: size * phonemes.length,
    title: { text: "Where each phoneme looks", anchor: "start" },
    data: { values },
    mark: "rect",
    encoding: {
      x: { field: "column", type: "ordinal", title: null, axis: names("x", letters) },
      y: { field: "row", type: "ordinal", title: null, axis: names("y", phonemes) },
      color: { field: "weight", type: "quantitative", title: "weight", scale: { scheme: "blues", domain: [0, 1] } },
    },
  });
}
