import { join } from "node:path";
import { writeAtomically } from "@ansatz/data";
import { MetricsLog } from "./metrics.ts";
import { svgOf } from "./picture.ts";

/**
 * Draws the metrics `loss` and `validationLoss` of a run over its steps, as `loss.svg` and `loss.png` in its folder.
 * @throws WriteError
 */
export async function drawLossCurve(folder: string, title: string): Promise<void> {
  const series = { loss: "training", validationLoss: "validation" } as const;
  const metrics = new MetricsLog(folder).read();
  const values = metrics.flatMap((point) =>
    Object.entries(series).flatMap(([name, label]) =>
      point[name] === undefined ? [] : [{ step: point.step, loss: point[name], series: label }],
    ),
  );
  const x = { field: "step", type: "quantitative", title: "step" } as const;
  const y = { field: "loss", type: "quantitative", title: "loss", scale: { zero: false } } as const;
  const color = {
    field: "series",
    type: "nominal",
    title: null,
    scale: { domain: ["training", "validation"], range: ["#9ab8d4", "#c2452d"] },
  } as const;
  const svg = await svgOf({
    width: 560,
    height: 300,
    title: { text: title, anchor: "start", fontSize: 14 },
    data: { values },
    layer: [
      {
        transform: [{ filter: "datum.series === 'training'" }],
        mark: { type: "line", strokeWidth: 1 },
        encoding: { x, y, color },
      },
      {
        transform: [{ filter: "datum.series === 'validation'" }],
        mark: { type: "line", strokeWidth: 2, point: { size: 24 } },
        encoding: { x, y, color },
      },
    ],
  });
  const { Resvg } = await import("@resvg/resvg-js");
  await writeAtomically(join(folder, "loss.svg"), [new TextEncoder().encode(svg)]);
  await writeAtomically(join(folder, "loss.png"), [
    new Resvg(svg, { fitTo: { mode: "zoom", value: 2 } }).render().asPng(),
  ]);
}
