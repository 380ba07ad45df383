import { grad, Module, Optimizer, relu, uniform, type RandomStream, type Tensor } from "@ansatz/core";
import type { Graph, GraphNode, ProgramProfile } from "@ansatz/core/plugin";
import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import { Linear, meanSquaredError } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";
import { describe, expect, test } from "vitest";
import { experiment } from "../experiment/experiment.ts";
import { flameOf } from "./flame-graph.ts";
import { millisecondsByPackage } from "./javascript-samples.ts";
import { groupings, groupKernels, summarizeSteps, type Profile, type ProfiledKernel } from "./profile.ts";
import { profileExperiment, ProfileError } from "./profile-experiment.ts";
import { profileTable } from "./profile-table.ts";

const node: GraphNode = { op: "matmul", inputs: [], attributes: {}, shape: [], dtype: "float32" };
const graph: Graph = { nodes: [node], inputs: [], outputs: [], updates: [] };

test("the parts of a step add up to it, and kernels are those of a step", () => {
  const program: ProgramProfile = {
    graph,
    runs: 10,
    engineMilliseconds: 40,
    updateMilliseconds: 10,
    kernels: [
      {
        kernel: "Gemm",
        shapes: "[2,3]",
        node,
        count: 30,
        milliseconds: 35,
        bytes: 1_000,
        liveBytes: 64,
        productOperations: 1e9,
      },
    ],
  };
  const never: ProgramProfile = { ...program, graph: { ...graph } };
  const measured = { steps: 4, elapsed: 80, compiling: 4, moving: 2, running: 44, runs: new Map([[graph, 8]]) };
  const place = { module: "head", pass: "backward" } as const;
  const found = summarizeSteps(measured, [program, never], { placeOf: () => place });
  // Each step runs the program twice: 8 ms of the engine, 2 of updates; 11 ms of runs, and half a millisecond of moves.
  expect(found).toEqual({
    milliseconds: 20,
    parts: { tracing: 7.5, feeding: 1.5, session: 8, update: 2 },
    kernels: [
      {
        ...place,
        op: "matmul",
        kernel: "Gemm",
        shapes: "[2,3]",
        count: 6,
        milliseconds: 7,
        bytes: 200,
        liveBytes: 64,
        productOperations: 2e8,
      },
    ],
  });
});

test("without figures of the backend, its runs are the session", () => {
  const measured = { steps: 2, elapsed: 20, compiling: 0, moving: 2, running: 10, runs: new Map([[graph, 2]]) };
  const { parts, kernels } = summarizeSteps(measured, [], { placeOf: () => undefined });
  expect(parts).toEqual({ tracing: 4, feeding: 1, session: 5, update: 0 });
  expect(kernels).toEqual([]);
});

const kernelOf = (own: Partial<ProfiledKernel>): ProfiledKernel => ({
  op: "matmul",
  kernel: "Gemm",
  shapes: undefined,
  count: 1,
  milliseconds: 1,
  bytes: 8,
  ...own,
});
const profile: Profile = {
  experiment: "sorting",
  backend: "onnx",
  device: "CPU, 2 threads",
  steps: 20,
  milliseconds: 20,
  parts: { tracing: 4, feeding: 1, session: 13, update: 2 },
  javascript: [
    { name: "@ansatz/core, graph", milliseconds: 2.5 },
    { name: "@ansatz/backend-onnx", milliseconds: 1 },
  ],
  compiling: 300,
  peakMemory: 2 ** 28,
  kernels: [
    kernelOf({
      module: "blocks.0.attention",
      pass: "forward",
      milliseconds: 3,
      liveBytes: 2 ** 21,
      productOperations: 3e8,
    }),
    kernelOf({
      module: "blocks.0.attention",
      pass: "backward",
      milliseconds: 5,
      liveBytes: 2 ** 20,
      productOperations: 7e8,
    }),
    kernelOf({ module: "blocks.1", pass: "forward", milliseconds: 2, op: "add", kernel: "Add" }),
    kernelOf({ op: undefined, kernel: "Transpose" }),
  ],
};

test("kernels are grouped by module, op or kernel, the longest first", () => {
  const groups = (by: string) =>
    groupKernels(profile.kernels, groupings[by]!).map((one) => [one.name, one.milliseconds]);
  expect(groups("module")).toEqual([
    ["blocks.0.attention", 8],
    ["blocks.1", 2],
    ["outside all modules", 1],
  ]);
  expect(groups("op")).toEqual([
    ["matmul", 8],
    ["add", 2],
    ["inserted by the engine", 1],
  ]);
  expect(groupKernels(profile.kernels, groupings["module"]!)[0]).toMatchObject({
    backwardMilliseconds: 5,
    count: 2,
    bytes: 16,
    liveBytes: 2 ** 21,
  });
});

test("samples are summed up by package, without native code", () => {
  const frame = (id: number, url: string, functionName = "f") => ({ id, callFrame: { functionName, url } });
  const nodes = [
    frame(1, "file:///home/packages/core/src/graph/op.ts"),
    frame(2, "file:///home/node_modules/.pnpm/onnxruntime-node@1/node_modules/onnxruntime-node/dist/backend.js"),
    frame(3, "", "run"),
    frame(4, "", "(garbage collector)"),
    frame(5, "file:///home/experiments/sorting/src/index.ts"),
    frame(6, "node:internal/process"),
    frame(7, "file:///home/node_modules/@ansatz/nn/dist/index.js"),
  ];
  const samples = [1, 3, 1, 2, 4, 5, 6, 7];
  const times = millisecondsByPackage({
    nodes,
    samples,
    timeDeltas: [0, 1, 2, 4, 8, 16, 32, 64].map((n) => n * 1_000),
  });
  // A sample lasts until the next one; the last has no end.
  expect([...times]).toEqual([
    ["@ansatz/core, graph", 1 + 4],
    ["onnxruntime-node", 8],
    ["garbage collection", 16],
    ["the experiment", 32],
    ["Node", 64],
    ["@ansatz/nn", 0],
  ]);
});

test("the flame graph nests modules, passes, ops and kernels, and what is between kernels", () => {
  const flame = flameOf(profile);
  expect(flame.children.map(({ name, milliseconds }) => [name, milliseconds])).toEqual([
    ["session", 13],
    ["update", 2],
    ["tracing", 4],
    ["feeding", 1],
  ]);
  const session = flame.children[0]!;
  expect(session.children.map(({ name, milliseconds }) => [name, milliseconds])).toEqual([
    ["blocks.0", 8],
    ["blocks.1", 2],
    ["outside all modules", 1],
    ["between kernels", 2],
  ]);
  expect(flame.children[2]!.children).toEqual([{ name: "@ansatz/core, graph", milliseconds: 2.5, children: [] }]);
  const attention = session.children[0]!.children[0]!;
  expect(attention.name).toBe("attention");
  expect(attention.children.map(({ name }) => name)).toEqual(["backward", "forward"]);
  expect(attention.children[0]!.children[0]).toMatchObject({ name: "matmul", children: [{ name: "Gemm" }] });
});

test("the table shows the parts with their shares, and each grouping", () => {
  const text = profileTable(profile);
  expect(text).toContain("A step of sorting on onnx (CPU, 2 threads) takes 20.00 ms, the mean of 20.");
  expect(text).toMatch(/^@ansatz\/core, graph +2\.50 +12\.5 %$/m);
  expect(text).toMatch(/^session +13\.00 +65\.0 %$/m);
  expect(text).toMatch(/^blocks\.0\.attention +8\.00 +40\.0 % +5\.00 +2 +0\.0 +2\.0$/m);
  expect(text).toContain("Products and convolutions take 8.00 ms (40.0 %) for 1.00 GFLOP: 125 GFLOP/s.");
  expect(profileTable({ ...profile, kernels: [] })).toContain("onnx does not measure its kernels");
});

class Network extends Module {
  readonly hidden: Linear;
  readonly output: Linear;

  constructor(random: RandomStream) {
    super();
    this.hidden = new Linear(8, 16, { random });
    this.output = new Linear(16, 1, { random });
  }

  forward(x: Tensor): Tensor {
    return this.output.forward(relu(this.hidden.forward(x)));
  }
}

const small = experiment({
  question: "Does a network learn nothing?",
  settings: { steps: 8 },
  async run({ settings, random, steps, log }) {
    const model = new Network(random);
    const optimizer = new Optimizer(model, adamw, { learningRate: 0.01 });
    for await (const _step of steps(settings.steps, { model, optimizer })) {
      const x = uniform(random.next(), [4, 8]);
      const loss = meanSquaredError(model.forward(x), uniform(random.next(), [4, 1]));
      optimizer.update(grad(loss, model.parameters()));
      await log({ loss });
    }
    return { done: 1 };
  },
});

describe("an experiment is profiled", () => {
  test("on onnx: its kernels have modules and passes, and the loop ends after the steps", async () => {
    const backend = await onnx({ threads: 1 });
    const found = await profileExperiment(small, { name: "small", backend, steps: 3, settings: {} });
    backend.dispose();
    expect(found).toMatchObject({ experiment: "small", backend: "onnx", steps: 3 });
    const { tracing, feeding, session, update } = found.parts;
    expect(tracing + feeding + session + update).toBeCloseTo(found.milliseconds, 0);
    for (const part of [tracing, feeding, session, update]) expect(part).toBeGreaterThan(0);
    const core = found.javascript.filter(({ name }) => name.startsWith("@ansatz/core, "));
    expect(core.length).toBeGreaterThan(0);
    const products = found.kernels.filter(({ kernel }) => kernel === "Gemm" || kernel === "MatMul");
    const places = new Set(products.map(({ module, pass }) => `${module} ${pass}`));
    expect(places).toEqual(new Set(["hidden forward", "output forward", "hidden backward", "output backward"]));
    expect(products.every(({ count }) => count === 1)).toBe(true);
  });

  test("on a backend that does not measure kernels: the parts", async () => {
    const found = await profileExperiment(small, { name: "small", backend: cpu(), steps: 2, settings: {} });
    expect(found.kernels).toEqual([]);
    expect(found.parts.session).toBeGreaterThan(0);
  });

  test("but not if its loop is too short", async () => {
    const profiled = profileExperiment(small, { name: "small", backend: cpu(), steps: 2, settings: { steps: 2 } });
    await expect(profiled).rejects.toThrow(ProfileError);
    await expect(profiled).rejects.toThrow("small has no step that can be measured");
  });
});
