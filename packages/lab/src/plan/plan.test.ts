import { expect, test } from "vitest";
import { ansatz } from "../command/testing.ts";
import { divisionsOf, nameOf } from "./division.ts";
import { precisions, predict, type PlannedMachine, type PlannedModel } from "./predict.ts";

const machine: PlannedMachine = {
  flops: 140e12,
  memory: 80 * 2 ** 30,
  memoryBandwidth: 2e12,
  perMachine: 8,
  bandwidthWithin: 300e9,
  bandwidth: 25e9,
  latency: 0,
  overlap: 0,
};
const gpt3: PlannedModel = {
  parameters: 175e9,
  layers: 96,
  width: 12_288,
  heads: 96,
  context: 2_048,
  batch: 1_536,
  microBatch: 1,
  recompute: true,
  bytes: precisions.mixed,
};
const one = { data: 1, tensor: 1, pipeline: 1, sharded: false };

test("300 billion tokens of GPT-3 on 1,024 devices that reach 140 TFLOP/s take 34 days (Narayanan et al. 2021)", () => {
  const { compute } = predict(gpt3, machine, { ...one, data: 16, tensor: 8, pipeline: 8 });
  const days = (compute * 300e9) / (gpt3.batch * gpt3.context) / 86_400;
  expect(days).toBeGreaterThan(34);
  expect(days).toBeLessThan(35.5); // their figure leaves out the 3 % of attention's products
});

test("7.5 billion parameters on 64 devices need 120 GB, or 31.4 with ZeRO-1 (Rajbhandari et al. 2020)", () => {
  const model = { ...gpt3, parameters: 7.5e9 };
  const memoryOf = (sharded: boolean) => {
    const { weightsAndGradients, optimizerState } = predict(model, machine, { ...one, data: 64, sharded });
    return (weightsAndGradients + optimizerState) / 1e9;
  };
  expect(memoryOf(false)).toBeCloseTo(120, 6);
  expect(memoryOf(true)).toBeCloseTo(31.4, 1);
});

test("a layer of GPT-3 keeps s b h (34 + 80) bytes for the backward pass (Korthikanti et al. 2022, equation 1)", () => {
  const { activations } = predict({ ...gpt3, recompute: false }, machine, one);
  expect(activations / 96).toBeCloseTo(2_048 * 12_288 * 114, 0);
  const { activations: divided } = predict({ ...gpt3, recompute: false }, machine, { ...one, tensor: 8 });
  expect(divided / 96).toBeCloseTo(2_048 * 12_288 * (10 + 24 / 8 + 80 / 8), 0);
});

test("what is exchanged, and who waits", () => {
  const model = { ...gpt3, batch: 64, recompute: false };
  const compute = predict(model, machine, one).compute;
  const replicas = predict(model, machine, { ...one, data: 16 });
  expect(replicas.compute).toBeCloseTo(compute / 16, 6);
  expect(replicas.gradientExchange).toBeCloseTo(((2 * 15) / 16) * ((175e9 * 2) / 25e9), 6); // between machines
  expect(replicas.bubble + replicas.activationExchange).toBe(0);
  const within = predict(model, { ...machine, overlap: 0.5 }, { ...one, data: 8 });
  expect(within.gradientExchange).toBeCloseTo((7 / 8) * ((175e9 * 2) / 300e9), 6);
  const stages = predict(model, machine, { ...one, pipeline: 4 });
  expect(stages.bubble).toBeCloseTo((stages.compute * 3) / 64, 6); // (p − 1) / m, Huang et al. 2019
  const divided = predict(model, machine, { ...one, tensor: 8 });
  const activation = 2_048 * 12_288 * 2; // four sums for each layer and sequence, Shoeybi et al. 2019
  expect(divided.activationExchange).toBeCloseTo(64 * 96 * 4 * ((2 * 7) / 8) * (activation / 300e9), 6);
  for (const found of [replicas, within, stages, divided]) {
    const { compute, bubble, gradientExchange, activationExchange, update } = found;
    expect(found.seconds).toBeCloseTo(compute + bubble + gradientExchange + activationExchange + update, 9);
  }
});

test("the divisions multiply to the devices, and each has a name", () => {
  const found = divisionsOf(16, { batch: 8, layers: 6, heads: 12, perMachine: 4 });
  for (const { data, tensor, pipeline } of found) {
    expect(data * tensor * pipeline).toBe(16);
    expect(8 % data).toBe(0);
    expect([1, 2, 4]).toContain(tensor);
    expect(pipeline).toBeLessThanOrEqual(6);
  }
  expect(new Set(found.map((division) => JSON.stringify(division))).size).toBe(found.length);
  expect(found.map(nameOf)).toContain("ZeRO-1, tensor parallel");
  expect(divisionsOf(1, { batch: 3, layers: 1, heads: 1, perMachine: 8 }).map(nameOf)).toEqual(["one device"]);
});

test("the command prints what fits, the fastest first, and all of it as JSON", async () => {
  const words = ["plan", "--parameters", "7e9", "--devices", "64"];
  const { status, output } = await ansatz(words, ".");
  expect(status).toBe(0);
  expect(output).toMatch(/^32 layers of 4,\d{3} features, 1024 × 2048 tokens a step\n/);
  expect(output).toContain("data × tensor × pipeline");
  const { divisions } = JSON.parse((await ansatz([...words, "--json"], ".")).output) as {
    divisions: { name: string; fits: boolean; seconds: number }[];
  };
  const fitting = divisions.filter(({ fits }) => fits).map(({ seconds }) => seconds);
  expect(fitting.length).toBeGreaterThan(3);
  expect(fitting).toEqual(fitting.toSorted((a, b) => a - b));
  expect(divisions.slice(fitting.length).some(({ fits }) => fits)).toBe(false);
  const refused = await ansatz(["plan", "--devices", "7", "--batch", "8", "--layers", "2"], ".");
  expect([refused.status, refused.errors]).toEqual([
    2,
    expect.stringMatching(/cannot be divided among 7 devices\n {2}/),
  ]);
  const small = await ansatz(["plan", "--memory", "1"], ".");
  expect(small.output).toContain("none of them fits into the memory of a device; use more devices");
});
