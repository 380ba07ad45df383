import { join } from "node:path";
import { writeAtomically } from "@ansatz/data";
import { linePlot } from "./line-plot.ts";
import { MetricsLog } from "./metrics.ts";
import { svgOf } from "./picture.ts";
import { lineOf } from "./report/curves.ts";
import { curvesOf } from "./report/recorded-run.ts";
import { writeWhole } from "./run-folder.ts";
import { binned, rangeOf } from "./view/bins.ts";

/**
 * Draws the metrics `loss` and `validationLoss` of a run over its steps, as `loss.svg` and `loss.png` in its folder.
 * @throws WriteError
 */
export async function drawLossCurve(folder: string, title: string): Promise<void> {
  const curves = curvesOf(new MetricsLog(folder).read());
  const series = { training: curves.get("loss"), validation: curves.get("validationLoss") };
  const range = rangeOf(
    Object.values(series).filter((curve) => curve !== undefined),
    600,
  );
  const lines = Object.entries(series).flatMap(([name, curve]) =>
    curve === undefined ? [] : [lineOf(name, binned(curve, range), curve)],
  );
  const svg = await svgOf(linePlot(lines, { title, axis: "step", height: 300 }));
  const { Resvg } = await import("@resvg/resvg-js");
  await writeWhole(join(folder, "loss.svg"), svg);
  await writeAtomically(join(folder, "loss.png"), [
    new Resvg(svg, { fitTo: { mode: "zoom", value: 2 } }).render().asPng(),
  ]);
}
