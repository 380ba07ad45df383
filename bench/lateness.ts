/**
 * How late a timer of 10 ms is while a workload trains: `npx tsx --conditions=source bench/lateness.ts [WORK]`, in this
 * thread and in one of the backend's own.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { onnx } from "@ansatz/backend-onnx";
import { compile, realize, tensor, use } from "@ansatz/core";
import { works } from "./works/index.ts";

const resolution = 10;
const [name = "gpt-11m"] = process.argv.slice(2);
for (const ownThread of [false, true]) {
  const backend = await onnx({ ownThread });
  await use(backend);
  const work = works[name]!.build();
  if (!("batch" in work)) throw new Error(`${name} is not trained step by step`);
  const inputs = await Promise.all(work.batch().map(async (x) => tensor(await x.data(), { shape: x.shape })));
  const step = compile(work.step);
  for (let i = 0; i < 3; i++) await realize(await step(...inputs));
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  const started = performance.now();
  for (let i = 0; i < 20; i++) await (await step(...inputs)).item();
  const milliseconds = (performance.now() - started) / 20;
  delay.disable();
  const late = (nanoseconds: number): string => `${Math.max(0, nanoseconds / 1e6 - resolution).toFixed(1)} ms`;
  console.log(
    `${name}, ${ownThread ? "own thread" : "this thread"}: ${milliseconds.toFixed(1)} ms a step; a timer is late by ` +
      `${late(delay.percentile(50))} at the median, ${late(delay.percentile(99))} at the 99th percentile, ` +
      `${late(delay.max)} at most`,
  );
  backend.dispose();
}
