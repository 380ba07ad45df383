import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { key, normal, RandomStream, use } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { qr } from "@ansatz/linalg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import experiment from "./index.ts";
import { shareMovedBy } from "./measures.ts";
import { Progress } from "./progress.ts";
import { arms, optimizerOf } from "./rules.ts";
import { tasks } from "./tasks.ts";
import { baselines } from "./variants.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

const small = { ...experiment.quick, batch: 8, width: 16 };
const run = (settings: Readonly<Record<string, number | string>>, folder?: string) =>
  runExperiment(experiment, {
    runs,
    settings: { ...small, ...settings },
    output: "quiet",
    ...(folder !== undefined && { folder }),
  });

let adamwRun: ReturnType<typeof run> | undefined;

describe.each(Object.keys(arms))("%s", (rule) => {
  test("learns on the language model, and keeps what its formula says", async () => {
    const { folder, result } = await run({ rule, steps: 40 });
    const losses = new MetricsLog(folder).read().flatMap(({ validationLoss }) => validationLoss ?? []);
    expect(losses).toHaveLength(20);
    expect(losses.at(-1)).toBe(result["loss"]);
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    const adamw = await (adamwRun ??= run({}));
    const halves: Readonly<Record<string, number>> = {
      adamw: 1,
      sgd: 0.5,
      lion: 0.5,
      sophiaG: 1,
      sophiaH: 1,
      ademamix: 1.5,
    };
    if (rule in halves) expect(result["stateBytes"]).toBe(halves[rule]! * adamw.result["stateBytes"]!);
    if (rule === "lion") expect(result["movedByRate"]).toBe(1);
  }, 120_000);
});

test.each(["cnn", "quadratic"])("the task %s is learned", async (task) => {
  const { folder, result } = await run({ task, steps: 40, batch: 32 });
  const losses = new MetricsLog(folder).read().map(({ loss }) => loss!);
  expect(result["loss"]).toBeLessThan(0.9 * losses[0]!);
});

test("the same seed gives the same loss, also with labels that Sophia samples", async () => {
  const [first, second, other] = [
    await run({ rule: "sophiaG" }),
    await run({ rule: "sophiaG" }),
    await run({ rule: "sophiaG", seed: 2 }),
  ];
  expect(second.result["loss"]).toBe(first.result["loss"]);
  expect(other.result["loss"]).not.toBe(first.result["loss"]);
});

test("every rule is an arm of every task that it can learn", () => {
  expect(Object.keys(baselines)).toHaveLength(3 * Object.keys(arms).length - 2);
  expect(baselines["cnn-lion"]).toEqual({ task: "cnn", rule: "lion" });
});

test("Muon trains the matrices inside the model, and AdamW the others", async () => {
  const options = { batch: 2, width: 8, validationBatches: 1, random: new RandomStream(1) };
  const task = tasks["gpt"]!(options);
  const optimizer = optimizerOf(arms["muon"]!, task, 1, 20);
  const byAdamw = [...task.model.namedParameters()].filter(([, own]) => "v" in optimizer.stateOf(own));
  const names = byAdamw.map(([name]) => name);
  expect(names).toContain("tokens.weight");
  expect(names).toContain("head.weight");
  expect(names).toContain("blocks.0.attention.query.bias");
  expect(names.filter((name) => /blocks.*(query|expand|contract)\.weight/.test(name))).toEqual([]);
});

test("the curvatures of the quadratic fall from 1 to 1/10,000, along directions that mix the coordinates", async () => {
  const task = tasks["quadratic"]!({ batch: 1, width: 1, validationBatches: 1, random: new RandomStream(1) });
  const [weight] = task.model.parameters();
  const directions = await qr(normal(key(1), [256, 256])).q.data();
  for (const [column, curvature] of [
    [0, 1],
    [255, 1e-4],
  ] as const) {
    const direction = Float32Array.from({ length: 256 }, (_, i) => directions[256 * i + column]!);
    expect(Math.max(...direction.map(Math.abs))).toBeLessThan(0.3);
    weight!.load(direction);
    expect((await task.validate()) / (curvature / 2)).toBeCloseTo(1, 3);
  }
});

describe("the measures", () => {
  test("a target is reached on the line between two validations", () => {
    const progress = new Progress();
    for (const [step, loss] of [
      [10, 4],
      [20, 3],
      [30, 1],
    ] as const)
      progress.validated(step, loss);
    expect(progress.stepsTo(2.5)).toBe(22.5);
    expect(progress.stepsTo(5)).toBe(10);
    expect(progress.stepsTo(0.5)).toBe(30);
    progress.took(2);
    progress.took(4);
    const again = new Progress();
    again.loadStateDict(JSON.parse(JSON.stringify(progress.stateDict())));
    expect([again.secondsPerStep, again.loss, again.stepsTo(2)]).toEqual([3, 1, 25]);
  });

  test("coordinates that moved by the rate are counted among those that moved", () => {
    const [before, after] = [Float64Array.of(1, 2, 3, 4), Float64Array.of(1.5, 2, 2.5, 4.25)];
    expect(shareMovedBy(0.5, [before], [after])).toBeCloseTo(2 / 3, 12);
  });
});
