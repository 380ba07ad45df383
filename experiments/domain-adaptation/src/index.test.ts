import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { key, RandomStream, use } from "@ansatz/core";
import { TokenWindows } from "@ansatz/data";
import { runExperiment } from "@ansatz/lab";
import { TransformerLM } from "@ansatz/nn";
import { afterAll, beforeAll, expect, test } from "vitest";
import experiment from "./index.ts";
import { withReplay } from "./replay.ts";
import { accuracyOf } from "./spam-classifier.ts";
import { texts } from "./texts.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

test("mails of the task are half spam, and none of them is in the texts of the domain", () => {
  const { domain, labelled, unseen, task } = texts({ context: 128, labels: 8, judged: 20 });
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
});

test("replay reads a share of earlier sequences after the new ones", async () => {
  const windows = (token: number) =>
    new TokenWindows(
      Int32Array.from({ length: 40 }, () => token),
      4,
    );
  const read = async (share: number) => {
    const reading = { step: 3, batch: 8, share, order: key(1), replayed: key(2) };
    const { input, target } = withReplay(windows(7), windows(5), reading);
    expect(await target.array()).toEqual(await input.array()); // all tokens of a text are the same here
    return ((await input.array()) as number[][]).map((row) => row[0]);
  };
  expect(await read(0.25)).toEqual([7, 7, 7, 7, 7, 7, 5, 5]);
  expect(await read(0)).toEqual([7, 7, 7, 7, 7, 7, 7, 7]);
});

test("a classifier learns mails that differ from a few labelled ones", async () => {
  const random = new RandomStream(1);
  const language = new TransformerLM({ vocabularySize: 96, width: 16, layers: 1, heads: 2, context: 8, random });
  const mails = Array.from({ length: 64 }, (_, i) => {
    const spam = i % 2 === 0;
    return { spam, tokens: Int32Array.from({ length: 8 }, (_, place) => (spam ? 40 : 60) + ((i + place) % 8)) };
  });
  const options = { epochs: 20, learningRate: 1e-2, random, beforeStep: () => undefined };
  const split = { labelled: mails.slice(0, 32), unseen: mails.slice(32) };
  expect(await accuracyOf(language, { ...split, ...options })).toBeGreaterThan(0.9);
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
