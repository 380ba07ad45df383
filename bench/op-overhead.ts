/**
 * Measures what core's interpreter adds to each call of a tfjs kernel. A chain of small ops, which the backend does not
 * join, runs as a program and as bare calls in turns. `op-overhead.ts [wasm|tfjs-node]`
 */
import { tfjsNode } from "@ansatz/backend-tfjs-node";
import { wasm } from "@ansatz/backend-wasm";
import type { GraphNode } from "@ansatz/core/plugin";
import { findBackend, getKernel, type NamedTensorInfoMap, type TensorInfo } from "@tensorflow/tfjs-core";

const [name = "tfjs-node"] = process.argv.slice(2);
const engines = {
  wasm: { start: wasm, tfjs: "wasm", op: "pow", kernel: "Pow" },
  "tfjs-node": { start: tfjsNode, tfjs: "tensorflow", op: "add", kernel: "Add" },
};
const { start, tfjs, op, kernel } = engines[name as keyof typeof engines];
const [length, rounds] = [2_000, 60];

const backend = await start();
const type = { shape: [8], dtype: "float32" } as const;
const leaf: GraphNode = { op: "leaf", inputs: [], attributes: {}, ...type };
const chain = Array.from({ length }, (_, i): GraphNode => ({ op, inputs: [i, 0], attributes: {}, ...type }));
const program = await backend.compile({ nodes: [leaf, ...chain], inputs: [0], outputs: [length], updates: [] });
const x = backend.upload(new Float32Array(8).fill(1), type.shape, type.dtype);

const engine = findBackend(tfjs);
const call = getKernel(kernel, tfjs)!.kernelFunc;
const one: TensorInfo = {
  dataId: engine.write(new Float32Array(8).fill(1), [8], "float32"),
  shape: [8],
  dtype: "float32",
};

/** Microseconds per op. */
const times = { program: [] as number[], bare: [] as number[] };
for (let round = 0; round < rounds; round++) {
  let started = performance.now();
  const { outputs } = await program.run([x]);
  times.program.push((1_000 * (performance.now() - started)) / length);
  for (const buffer of outputs) backend.free(buffer);

  started = performance.now();
  let value = one;
  for (let i = 0; i < length; i++) {
    const next = call({ inputs: { a: value, b: one } as NamedTensorInfoMap, backend: engine }) as TensorInfo;
    if (value !== one) engine.disposeData(value.dataId);
    value = next;
  }
  times.bare.push((1_000 * (performance.now() - started)) / length);
  engine.disposeData(value.dataId);
}

const median = (values: readonly number[]): number =>
  values.slice(rounds / 4).toSorted((a, b) => a - b)[Math.floor(values.length * 0.375)]!;
const [ours, bare] = [median(times.program), median(times.bare)];
console.log(
  `${op} of 8 numbers on ${name}: ${ours.toFixed(2)} µs in a program, ${bare.toFixed(2)} µs as a bare tfjs kernel; ` +
    `the difference is ${(ours - bare).toFixed(2)} µs`,
);
process.exit(); // even if threads of tfjs still run
