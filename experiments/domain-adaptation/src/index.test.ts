import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { mul, Module, parameter, realize, square, sub, sum, tensor, use, type Tensor } from "@ansatz/core";
import { runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Consolidation } from "./consolidation.ts";
import experiment from "./index.ts";
import { texts } from "./texts.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

test("mails of the task are half spam, and none of them is in the texts of the domain", () => {
  const { domain, labelled, unseen, task, vocabularySize } = texts({ context: 128, labels: 8, judged: 20 });
  expect([labelled, unseen].map((mails) => mails.map(({ spam }) => Number(spam)))).toEqual([
    [1, 0, 1, 0, 1, 0, 1, 0],
    Array.from({ length: 20 }, (_, i) => 1 - (i % 2)),
  ]);
  const all = [domain.training, domain.validation].map(({ tokens }) => ` ${tokens.join(" ")} `);
  for (const { tokens } of [...labelled, ...unseen]) {
    expect(tokens).toHaveLength(128);
    expect(all.some((text) => text.includes(` ${tokens.join(" ")} `))).toBe(false);
  }
  expect(task.tokens.subarray(128, 256)).toEqual(labelled[1]!.tokens);
  expect(vocabularySize).toBe(96); // printable ASCII and the end of a line
});

/** The loss Σ cᵢ (θᵢ − x)² has the slopes 2 cᵢ (θᵢ − x). */
class Pair extends Module {
  readonly weight = parameter(tensor([1, 2]));
  loss(x: Tensor): Tensor {
    return sum(mul(tensor([1, 3]), square(sub(this.weight, x))));
  }
}

test("the penalty is Σ F (θ − θ*)², with F the mean of the squared slopes at θ*", async () => {
  const model = new Pair();
  const consolidation = new Consolidation(model);
  expect(await consolidation.penalty().item()).toBe(0);
  const batches = [tensor([0]), tensor([4])];
  await consolidation.consolidate(batches, (x) => model.loss(x));
  // Slopes: 2 · 1 · (1 − 0), 2 · 3 · (2 − 0), and 2 · 1 · (1 − 4), 2 · 3 · (2 − 4).
  expect(await consolidation.importance["weight"]!.data()).toEqual(
    Float32Array.of((2 ** 2 + 6 ** 2) / 2, (12 ** 2 + 12 ** 2) / 2),
  );
  expect(await consolidation.penalty().item()).toBe(0);
  model.weight.assign(tensor([2, 4]));
  await realize();
  expect(await consolidation.penalty().item()).toBeCloseTo(20 * 1 + 144 * 4, 3);
  await consolidation.consolidate(batches, (x) => model.loss(x)); // measured anew
  expect(await consolidation.anchors["weight"]!.data()).toEqual(Float32Array.of(2, 4));
  expect((await consolidation.importance["weight"]!.data())[0]).toBe((4 ** 2 + 4 ** 2) / 2);
});

const found: number[] = [];
const quick = (settings: object) => ({ ...experiment.quick, ...settings });

test.each([
  ["main", {}],
  ...Object.entries(experiment.baselines).map(([name, own]) => [
    name,
    "taskSteps" in own ? { ...own, domainSteps: 15, taskSteps: 5 } : own,
  ]),
] as [string, object][])(
  "a quick run of %s learns in both phases, and something else than the others",
  async (_name, own) => {
    const { result } = await runExperiment(experiment, { runs, settings: quick(own), output: "quiet" });
    expect(result["generalLoss"]).toBeLessThan(Math.log(96) - 0.5);
    expect(result["domainLoss"]).toBeLessThan(Math.log(96) - 0.5);
    expect(result["gained"]).toBeGreaterThan(0.03);
    expect(found).not.toContain(result["domainLoss"]);
    found.push(result["domainLoss"]!);
  },
);

test("a run that is broken off in the second phase and resumed ends as one that never was", async () => {
  let [broken, steps] = [false, 0];
  const breaking = {
    ...experiment,
    run: (context: Parameters<typeof experiment.run>[0]) =>
      experiment.run({
        ...context,
        steps: (count, parts) => context.steps(count, parts, { saveEvery: 5 }),
        log: async (metrics) => {
          await context.log(metrics);
          if (++steps !== 43 || broken) return;
          broken = true;
          throw new Error("broken off");
        },
      }),
  };
  const settings = quick({ consolidation: 100 });
  const whole = await runExperiment(experiment, { runs, settings, output: "quiet" });
  const folder = join(runs, "broken");
  await expect(runExperiment(breaking, { folder, settings, output: "quiet" })).rejects.toThrow("broken off");
  expect((await runExperiment(breaking, { folder, output: "quiet" })).result).toEqual(whole.result);
});
