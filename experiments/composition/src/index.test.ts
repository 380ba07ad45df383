import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { add, grad, mapGradients, normal, RandomStream, realize, tensor, use } from "@ansatz/core";
import { MetricsLog, runExperiment, type Experiment } from "@ansatz/lab";
import { crossEntropy, MultiHeadAttention, TransformerLM } from "@ansatz/nn";
import { LocalAttention } from "@ansatz/nn-attention";
import { MixtureOfExperts } from "@ansatz/nn-moe";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Figures } from "./claims.ts";
import experiment from "./index.ts";
import { attentions, feedForwards, losses, optimizers, schedules } from "./parts.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

const composed = () =>
  new TransformerLM({
    vocabularySize: 9,
    width: 8,
    layers: 4,
    heads: 2,
    context: 6,
    attention: attentions["windowed"]!,
    feedForward: feedForwards["experts"]!,
  });

test("windows are in every other block, and experts in all", () => {
  const { blocks } = composed();
  expect(blocks.map(({ attention }) => attention.constructor)).toEqual([
    LocalAttention,
    MultiHeadAttention,
    LocalAttention,
    MultiHeadAttention,
  ]);
  for (const { feedForward } of blocks) expect(feedForward).toBeInstanceOf(MixtureOfExperts);
});

test("Lion moves each coordinate outside the blocks and of vectors by its rate, and Muon all others", async () => {
  const model = composed();
  const optimizer = optimizers["muonAndLion"]!(model, (usual) => () => usual);
  const random = new RandomStream(1); // so that no gradient is 0
  const before = await Promise.all(model.parameters().map((own) => own.data()));
  const [input, target] = [[[1, 2, 3, 4]], [[2, 3, 4, 5]]].map((values) => tensor(values, { dtype: "int32" }));
  const loss = crossEntropy(model.forward(input!), target!);
  optimizer.update(mapGradients(grad(loss, model.parameters()), (g) => add(g, normal(random.next(), g.shape))));
  await realize(model.parameters());
  for (const [i, [name, own]] of [...model.namedParameters()].entries()) {
    const moves = [...(await own.data())].map((value, j) => Math.abs(value - before[i]![j]!));
    const lion = moves.every((move) => Math.abs(move - 2e-4) < 2e-6);
    expect(lion, name).toBe(own.shape.length !== 2 || !name.startsWith("blocks."));
  }
});

test("balancing adds what the routers of the latest pass say", async () => {
  const model = composed();
  const [input, target] = [[[1, 2, 3]], [[2, 3, 4]]].map((values) => tensor(values, { dtype: "int32" }));
  const loss = crossEntropy(model.forward(input!), target!);
  const [alone, balanced] = [losses["alone"]!(loss, model), losses["balanced"]!(loss, model)];
  expect(await alone.item()).toBe(await loss.item());
  expect(await balanced.item()).toBeGreaterThan((await loss.item()) + 4 * 0.01 * 0.99); // at balance, each gives 0.01
});

test("the rate rises to its peak and falls to 0, or stays", () => {
  expect([1, 2, 40].map(schedules["constant"]!(3, 40))).toEqual([3, 3, 3]);
  const cosine = schedules["cosine"]!(3, 40);
  expect(cosine(0)).toBeLessThan(cosine(1));
  expect(Math.max(...Array.from({ length: 40 }, (_, step) => cosine(step)))).toBeCloseTo(3, 6);
  expect(cosine(40)).toBeCloseTo(0, 6);
});

const found: number[] = [];
test.each([["all five", {}], ...Object.entries(experiment.baselines)] as [string, object][])(
  "a quick run of %s learns, and differs from the others",
  async (_name, own) => {
    const { folder, result } = await runExperiment(experiment as unknown as Experiment<Figures>, {
      runs,
      settings: { ...experiment.quick, ...own, steps: 60 },
      output: "quiet",
    });
    const lines = new MetricsLog(folder).read().map(({ loss }) => loss as number);
    expect(lines.at(-1)!).toBeLessThan(lines[0]!);
    expect(found).not.toContain(result.validationLoss);
    found.push(result.validationLoss);
  },
);
