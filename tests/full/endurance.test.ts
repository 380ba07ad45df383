import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import { memory, use } from "@ansatz/core";
import { expect, test } from "vitest";
import { smallTraining } from "./small-model.ts";

const backends = { cpu, onnx };
const steps = 10_000;
const window = 1_000;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

test.runIf(process.env["ANSATZ_TEST_FULL"] !== undefined).each([["cpu", true], ["cpu", false], ["onnx", true], ["onnx", false]] as const)(
  "10,000 steps on %s (compiled: %s): the backend's memory stays the same, the process's grows by less than 2 %, 1 compilation",
  async (name, compiled) => {
    await use(backends[name]());
    const { step } = smallTraining({ compiled });
    const resident: number[][] = [];
    let early: ReturnType<typeof memory> | undefined;
    for (let at = 0; at < steps; at++) {
      if (at % window === 0) resident.push([]);
      await step(at);
      if (at % 10 === 9) resident.at(-1)!.push(process.memoryUsage.rss());
      if (at === 9) early = memory();
    }
    const medians = resident.map(median);
    const growth = medians.at(-1)! / medians[1]! - 1; // the second window begins after step 1,000
    console.log(`${name}, ${compiled ? "compiled" : "recorded at each step"}: ${JSON.stringify(early)} after 10 steps, ${JSON.stringify(memory())} after ${steps}; median resident MiB of each ${window} steps: ${medians.map((bytes) => (bytes / 2 ** 20).toFixed(1)).join(" ")} (${(100 * growth).toFixed(2)} %)`);
    expect(memory()).toEqual(early);
    expect(memory().compilations).toBe(1);
    expect(growth).toBeLessThan(0.02);
  },
  600_000,
);
