import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { RandomStream, tensor, use } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import { activations } from "./activations.ts";
import { deadShare, slopes, Watched } from "./dead-units.ts";
import { perceptron } from "./digits.ts";
import experiment from "./index.ts";
import { transformer } from "./text.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

// Slopes from PyTorch 2.15: autograd of relu, leaky_relu, gelu and silu at −5, −1, 0.5 and 2.
test.each([
  ["relu", [0, 0, 1, 1]],
  ["leakyRelu", [0.01, 0.01, 1, 1]],
  ["gelu", [-7.1228e-6, -0.083315, 0.86749, 1.0852]],
  ["silu", [-0.026547, 0.072329, 0.73996, 1.0908]],
])("the slopes of %s", async (name, expected) => {
  const found = (await slopes(activations[name]!, tensor([-5, -1, 0.5, 2])).array()) as number[];
  for (const [i, slope] of expected.entries()) expect(found[i]).toBeCloseTo(slope, 4);
});

test("a unit is dead if no example gives it a slope", async () => {
  const x = tensor([
    [-1, -8, 1, -20, -5],
    [-2, 3, 2, -30, -6],
  ]);
  const share = (name: string) => deadShare(activations[name]!, x).item();
  expect(await share("relu")).toBeCloseTo(0.6, 6);
  expect(await share("leakyRelu")).toBe(0);
  expect(await share("gelu")).toBeCloseTo(0.4, 6);
  expect(await share("silu")).toBeCloseTo(0.2, 6);
  expect(await deadShare(activations["relu"]!, tensor([[[-1, 1]], [[1, -1]]])).item()).toBe(0);
});

test("a watched activation counts over all layers of one forward pass, and not those before it", async () => {
  const watched = new Watched(activations["relu"]!);
  watched.apply(tensor([[-1, -1]]));
  const share = watched.deadIn(() => watched.apply(watched.apply(tensor([[2, -1]])).sub(3)));
  expect(await share.item()).toBe(0.75); // a half, then both
});

test("units whose biases start low are dead from the start", async () => {
  const watched = new Watched(activations["relu"]!);
  const dead = (bias: number) => {
    const model = perceptron(watched.apply, { width: 12, bias, random: new RandomStream(1) });
    return watched.deadIn(() => model.forward(tensor(new Float32Array(7_840).fill(0.1), { shape: [10, 784] }))).item();
  };
  expect(await dead(-100)).toBe(1);
  expect(await dead(0)).toBeLessThan(0.9);
});

test("all feed-forward layers have the same number of weights, and so the same cost", () => {
  const counts = ["relu", "gelu", "silu", "swiglu"].map((name) =>
    transformer(name, activations[name]!, {
      width: 96,
      context: 8,
      vocabularySize: 9,
      random: new RandomStream(1),
    }).parameterCount(),
  );
  expect(new Set(counts).size).toBe(1);
});

const found: number[] = [];
test.each([["main", {}], ...Object.entries(experiment.baselines)] as [string, object][])(
  "a quick run of %s learns, and counts dead units from the start",
  async (name, own) => {
    const settings = { ...own, ...experiment.quick, learningRate: 1e-2 };
    const { folder, result } = await runExperiment(experiment, { runs, settings, output: "quiet" });
    const lines = new MetricsLog(folder).read();
    const losses = lines.map((line) => line["digitsLoss"] ?? line["textLoss"]!);
    expect(Math.min(...losses)).toBeLessThan(losses[0]! - (name === "negativeBias" ? 0 : 0.3)); // there units are dead
    const shares = lines.flatMap((line) => line["dead"] ?? []);
    expect(shares).toHaveLength(3);
    for (const share of [...shares, result["dead"]!]) expect(share >= 0 && share <= 1).toBe(true);
    expect(found).not.toContain(result["validationLoss"]);
    found.push(result["validationLoss"]!);
  },
);
