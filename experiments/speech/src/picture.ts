import { svgOf } from "@ansatz/lab";
import type { Place } from "./utterances.ts";

/** The probability of each label over the steps of an utterance, over bands that show what is said where. */
export function pictureOf(posteriors: readonly (readonly number[])[], places: readonly Place[]): Promise<string> {
  const values = posteriors.flatMap((step, at) =>
    step.map((probability, label) => ({ step: at, probability, label: label === 0 ? "no digit" : `${label - 1}` })),
  );
  const said = places.map(({ digit, from, to }) => ({ from, to, digit: `${digit.digit}` }));
  const names = ["no digit", ...Array.from({ length: 10 }, (_, digit) => `${digit}`)];
  const colours = "#999999 #332288 #cc6677 #117733 #44aa99 #aa4499 #999933 #882255 #88ccee #ddcc77 #e07b00".split(" ");
  const span = { field: "from", type: "quantitative", title: "step of 30 ms" } as const;
  return svgOf({
    width: 640,
    height: 220,
    title: { text: "What the network hears; the bands show what is said", anchor: "start" },
    layer: [
      {
        data: { values: said },
        mark: { type: "rect", color: "#eeeeee" },
        encoding: { x: span, x2: { field: "to" } },
      },
      {
        data: { values: said },
        mark: { type: "text", align: "left", baseline: "top", dx: 3, fontSize: 13 },
        encoding: { x: span, y: { value: 4 }, text: { field: "digit" } },
      },
      {
        data: { values },
        mark: { type: "line", strokeWidth: 1.5 },
        encoding: {
          x: { field: "step", type: "quantitative" },
          y: { field: "probability", type: "quantitative", title: "probability", scale: { domain: [0, 1.1] } },
          color: { field: "label", type: "nominal", title: null, scale: { domain: names, range: colours } },
        },
      },
    ],
  });
}
