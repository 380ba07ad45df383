/** Draws optimizers.svg from the runs of a reproduction: `draw.ts runs/optimizers/reproduce/1`. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ArgumentError } from "@ansatz/core";
import { MetricsLog, readJson, writeText } from "@ansatz/lab";
import { pictureOf, type Course } from "./picture.ts";
import { baselines } from "./variants.ts";

/** The means over the seeds of one variant. */
export async function courseOf(folder: string, variant: string, of: { task: string; rule: string }): Promise<Course> {
  const runs: string[] = [];
  for (let seed = 1; existsSync(join(folder, `${variant}-${seed}`, "result.json")); seed++)
    runs.push(join(folder, `${variant}-${seed}`));
  if (runs.length === 0)
    throw new ArgumentError(
      `draw: ${folder} has no results of ${variant}\n  give the folder of a finished reproduction`,
    );
  const results = await Promise.all(runs.map(async (run) => (await readJson(run, "result.json")) as Measured));
  const losses = runs.map((run) => new MetricsLog(run).read().filter((point) => "validationLoss" in point));
  const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    ...of,
    points: losses[0]!.map(({ step }, i) => ({ step, loss: meanOf(losses.map((one) => one[i]!["validationLoss"]!)) })),
    secondsPerStep: meanOf(results.map(({ secondsPerStep }) => secondsPerStep)),
    stateBytes: meanOf(results.map(({ stateBytes }) => stateBytes)),
  };
}

type Measured = Readonly<Record<"secondsPerStep" | "stateBytes", number>>;

const [folder] = process.argv.slice(2);
if (import.meta.filename === process.argv[1]) {
  if (folder === undefined) throw new ArgumentError("draw: name the folder of a reproduction");
  const variants = { main: { task: "gpt", rule: "adamw" }, ...baselines };
  const courses = await Promise.all(
    Object.entries(variants).map(([variant, of]) => courseOf(folder, variant, of as { task: string; rule: string })),
  );
  await writeText(join(import.meta.dirname, ".."), "optimizers.svg", await pictureOf(courses));
}
