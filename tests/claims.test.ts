/** Every claim of every experiment can be computed: it asks for no baseline that the experiment does not have. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Experiment } from "@ansatz/lab";
import { expect, test } from "vitest";

const experiments = join(import.meta.dirname, "../experiments");
const names = readdirSync(experiments, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** Figures of which every one is 0.5. */
const figures = new Proxy({}, { get: () => 0.5 }) as Readonly<Record<string, number>>;

test.each(names)("%s", async (name) => {
  const { default: experiment } = (await import(join(experiments, name, "src/index.ts"))) as { default: Experiment };
  const baselines = Object.fromEntries(Object.keys(experiment.baselines).map((own) => [own, figures]));
  expect(experiment.claims.length).toBeGreaterThan(0);
  for (const { claim, value } of experiment.claims) expect(value(figures, baselines, 1), claim).not.toBeNaN();
});
