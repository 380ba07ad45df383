import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import { memory, use } from "@ansatz/core";
import { expect, test } from "vitest";
import { smallTraining } from "./full/small-model.ts";

const backends = { cpu, onnx };

test.each([
  ["cpu", true],
  ["cpu", false],
  ["onnx", true],
  ["onnx", false],
] as const)(
  "learning rate, weight decay, seed and step change for 1,000 steps: 1 compilation on %s (compiled: %s)",
  async (name, compiled) => {
    await use(backends[name]());
    const { optimizer, settings, step } = smallTraining({ compiled });
    await step(0);
    const before = memory().compilations;
    const group = optimizer.groups.at(-1)!;
    for (let at = 1; at < 1_000; at++) {
      group["learningRate"] = 1e-3 / at;
      group["weightDecay"] = 0.1 / at;
      settings.seed = at;
      await step(at);
    }
    expect(optimizer.step).toBe(1_000);
    expect(before).toBe(1);
    expect(memory().compilations).toBe(1);
  },
);
