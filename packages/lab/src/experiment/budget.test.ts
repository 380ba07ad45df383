import { existsSync } from "node:fs";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { use } from "@ansatz/core";
import { beforeAll, expect, test } from "vitest";
import { MetricsLog } from "../metrics.ts";
import { UsageError } from "../settings.ts";
import small from "../testing/small-experiment.ts";
import { parseBudget } from "./budget.ts";
import { experiment } from "./experiment.ts";
import { runExperiment } from "./run-experiment.ts";
import type { Verdict } from "./verdict.ts";
import { folders, printing, readFrom } from "./testing.ts";

const newFolder = folders();
beforeAll(() => use(cpu()));
const printed = printing("log");

/** So short that it is spent when the first step is done. */
const instant = 1e-6;
const verdictOf = () => JSON.parse(printed.at(-1)!) as Verdict;
const metricsOf = (folder: string) =>
  new MetricsLog(folder).read().map(({ step, loss, sumOfWeights }) => [step, loss, sumOfWeights]);

test("a budget is a number with a unit", () => {
  expect(["30s", "5m", "1.5h"].map(parseBudget)).toEqual([30, 300, 5400]);
  for (const wrong of ["", "5", "m", "0s", "-1m", "5 m", "1d", "1e3s"])
    expect(() => parseBudget(wrong)).toThrow(UsageError);
  expect(() => parseBudget("5min")).toThrow('--budget cannot be "5min"\n  use a number with a unit: 30s, 5m or 2h');
});

test("a budget of no time is refused before anything is created", async () => {
  const folder = join(newFolder(), "run");
  await expect(runExperiment(small, { folder, budget: 0 })).rejects.toThrow("a budget cannot be 0 seconds");
  expect(existsSync(folder)).toBe(false);
});

test("a spent budget ends the loop after the step, and the run has a checkpoint, a result and a verdict", async () => {
  const folder = newFolder();
  const { end, result } = await runExperiment(small, { folder, budget: instant, output: "json" });
  expect([end, result.steps]).toEqual(["budget spent", 1]);
  expect(verdictOf()).toEqual({
    verdict: "budget spent",
    folder,
    steps: { made: 1, of: 12 },
    seconds: expect.any(Number) as number,
    result,
    metrics: new MetricsLog(folder).read().at(-1),
  });
  expect(readFrom(folder, "checkpoint.json")["step"]).toBe(1);
  expect(readFrom(folder, "result.json")).toEqual(result);
  expect(readFrom(folder, "status.json")).toMatchObject({ state: "ended", end: "budget spent", step: 1, steps: 12 });
  expect(readFrom(folder, "run.json")["budgets"]).toEqual([{ step: 1, steps: 12, seconds: instant, result }]);
});

test("each new budget makes at least a step, and in the end the run is one that was never stopped", async () => {
  const [whole, folder] = [newFolder(), newFolder()];
  const settings = { steps: 4 };
  const { result } = await runExperiment(small, { folder: whole, settings, output: "none" });
  const ends = [];
  do ends.push((await runExperiment(small, { folder, settings, budget: instant, output: "none" })).end);
  while (ends.at(-1) !== "done");
  expect(ends).toEqual(["budget spent", "budget spent", "budget spent", "done"]);
  expect(metricsOf(folder)).toEqual(metricsOf(whole));
  expect(readFrom(folder, "result.json")).toEqual(result);
  expect(readFrom(folder, "checkpoint.json")["sha256"]).toBe(readFrom(whole, "checkpoint.json")["sha256"]);
  // The run has ended: it does not resume again.
  expect(await runExperiment(small, { folder, budget: instant, output: "none" })).toMatchObject({
    end: "done",
    result,
  });
});

test("a budget that is not spent changes nothing", async () => {
  const folder = newFolder();
  const { end } = await runExperiment(small, { folder, budget: 3_600, output: "json" });
  expect(end).toBe("done");
  expect(verdictOf()).toMatchObject({ verdict: "done", steps: { made: 12, of: 12 } });
  expect(readFrom(folder, "run.json")).not.toHaveProperty("budgets");
});

test("a loop that a part stops, a failure and a run without a loop have verdicts of their own", async () => {
  await runExperiment(small, { settings: { patience: 1, learningRate: 0 }, folder: newFolder(), output: "json" });
  expect(verdictOf()).toMatchObject({ verdict: "stopped early", steps: { of: 12 } });

  const failing = experiment({
    question: "Does it fail?",
    settings: {},
    async run({ steps, log }) {
      for await (const step of steps(3, {})) {
        await log({ loss: step });
        if (step === 2) throw new Error("out of luck");
      }
      return {};
    },
  });
  await expect(runExperiment(failing, { folder: newFolder(), output: "json" })).rejects.toThrow("out of luck");
  expect(verdictOf()).toMatchObject({
    verdict: "failed",
    steps: { made: 1, of: 3 },
    metrics: { step: 2, loss: 2 },
    result: null,
    error: "out of luck",
  });

  const without = experiment({ question: "None?", settings: {}, run: () => Promise.resolve({ answer: 42 }) });
  await runExperiment(without, { folder: newFolder(), output: "json", budget: instant });
  expect(verdictOf()).toMatchObject({ verdict: "done", steps: { made: 0, of: null }, result: { answer: 42 } });
  await runExperiment(without, { folder: newFolder(), budget: instant });
  expect(printed.join("\n")).toContain("the budget was not used");
});
