/**
 * Trains the small model for many steps in this process alone, and prints what memory it took: `endurance-run.ts
 * BACKEND compiled|recorded STEPS`.
 */
import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import { wasm } from "@ansatz/backend-wasm";
import { memory, use } from "@ansatz/core";
import { smallTraining } from "./small-model.ts";

const [backend = "cpu", way = "compiled", count = "20000"] = process.argv.slice(2);
const steps = Number(count);
const backends = { cpu, onnx, wasm };
await use(backends[backend as keyof typeof backends]());
const { step } = smallTraining({ compiled: way === "compiled" });
const windows = 20;
const resident: number[][] = Array.from({ length: windows }, () => []);
let early: unknown;
for (let at = 0; at < steps; at++) {
  await step(at);
  // With node --expose-gc: what is left is in use, and isn't garbage that waits for the collector.
  if (at % 100 === 0) globalThis.gc?.();
  if (at % 10 === 9) resident[Math.floor((at * windows) / steps)]!.push(process.memoryUsage.rss() / 2 ** 20);
  if (at === 9) early = memory();
}
console.log(
  JSON.stringify({
    early,
    late: memory(),
    medians: resident.map((values) => values.toSorted((a, b) => a - b)[values.length >> 1]),
  }),
);
