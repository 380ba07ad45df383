import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import type { Graph } from "@ansatz/core/plugin";
import { ModelProtoSchema } from "onnx-buf";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { onnx } from "./index.ts";
import { buildModel } from "./model/onnx-model.ts";
import { sessionOptions } from "./session.ts";
import { GraphWriter } from "./testing.ts";

/** The ops that onnxruntime runs after it has optimized a model, without the one that ends a run. */
async function optimized(graph: Graph): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "ansatz-onnx-"));
  try {
    const path = join(folder, "optimized.onnx");
    const session = await InferenceSession.create(buildModel(graph, graph.outputs).bytes, {
      ...sessionOptions({ threads: 1 }, graph),
      optimizedModelFilePath: path,
    });
    await session.release();
    return (
      fromBinary(ModelProtoSchema, await readFile(path))
        .graph?.node.map(({ opType }) => opType)
        .filter((op) => op !== "SequenceConstruct") ?? []
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("a recomputation behind a barrier is not merged with the first computation", async () => {
  const writer = new GraphWriter();
  const [x, w, token] = [writer.leaf([4, 4]), writer.leaf([4, 4]), writer.leaf([2])];
  const first = writer.op("matmul", [x, w], {}, [4, 4]);
  const again = writer.op("matmul", [writer.op("barrier", [x, token], {}, [4, 4]), w], {}, [4, 4]);
  const ops = await optimized(writer.graph([first, again]));
  expect(ops.filter((op) => op === "Gemm" || op === "MatMul")).toHaveLength(2);
  expect(ops).toContain("Cast"); // of the token, which the second product depends on
});

test("a reshape may follow a barrier", async () => {
  const writer = new GraphWriter();
  const [x, token] = [writer.leaf([2, 3]), writer.leaf([2])];
  const flat = writer.op("reshape", [writer.op("barrier", [x, token], {}, [2, 3])], {}, [6]);
  const ops = await optimized(writer.graph([writer.op("sin", [flat], {}, [6])]));
  expect(ops).toContain("Cast");
});

test("equal nodes become one", async () => {
  const writer = new GraphWriter();
  const x = writer.leaf([2]);
  const sines = [writer.op("sin", [x], {}, [2]), writer.op("sin", [x], {}, [2])] as const;
  expect(await optimized(writer.graph([writer.op("add", sines, {}, [2])]))).toEqual(["Sin", "Add"]);
});

test("onnxruntime does not store a large fill in the model", async () => {
  const writer = new GraphWriter();
  const zeros = writer.op("broadcastTo", [writer.constant(0)], {}, [100_000]);
  const graph = writer.graph([writer.op("add", [zeros, writer.leaf([1])], {}, [100_000])]);
  expect(await optimized(graph)).toContain("Expand");
});

test("the transposes around a product, and the sum after it, become part of it", async () => {
  const writer = new GraphWriter();
  const [x, w, bias] = [writer.leaf([8, 3]), writer.leaf([5, 3]), writer.leaf([5])];
  const product = writer.op("matmul", [x, writer.op("transpose", [w], { permutation: [1, 0] }, [3, 5])], {}, [8, 5]);
  expect(await optimized(writer.graph([writer.op("add", [product, bias], {}, [8, 5])]))).toEqual(["Gemm"]);
});

test("a product that is only read transposed becomes the product in reverse order", async () => {
  const writer = new GraphWriter();
  const [x, g] = [writer.leaf([8, 3]), writer.leaf([8, 5])];
  const product = writer.op("matmul", [writer.op("transpose", [x], { permutation: [1, 0] }, [3, 8]), g], {}, [3, 5]);
  expect(await optimized(writer.graph([writer.op("transpose", [product], { permutation: [1, 0] }, [5, 3])]))).toEqual([
    "Gemm",
  ]);
});

test("among the nodes that no other node reads, the earliest comes last", () => {
  const writer = new GraphWriter();
  const x = writer.leaf([2]);
  const outputs = [writer.op("sin", [x], {}, [2])];
  for (let i = 0; i < 2; i++) outputs.push(writer.op("cos", [writer.op("exp", [i === 0 ? x : 2], {}, [2])], {}, [2]));
  const nodes = fromBinary(ModelProtoSchema, buildModel(writer.graph(outputs), outputs).bytes).graph!.node.map(
    ({ opType }) => opType,
  );
  expect(nodes.filter((op) => op !== "SequenceConstruct")).toEqual(["Exp", "Exp", "Cos", "Cos", "Sin"]);
});

test("a run writes its outputs into the given memory without a copy", async () => {
  const writer = new GraphWriter();
  const size = 4 * 2 ** 20;
  const graph = writer.graph([writer.op("sin", [writer.leaf([size])], {}, [size])]);
  const backend = await onnx({ threads: 1 });
  const program = await backend.compile(graph);
  const input = backend.upload(new Float32Array(size).fill(1), [size], "float32");
  const before = process.memoryUsage().arrayBuffers;
  const { outputs } = await program.run([input]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1.5 * 4 * size);
  expect((await backend.download(outputs[0]!)).at(-1)).toBeCloseTo(Math.sin(1), 6);
  backend.dispose?.();
});

test("a model with names works on its own", async () => {
  const writer = new GraphWriter();
  const [x, unread] = [writer.leaf([2]), writer.leaf([1])];
  const fill = writer.op("broadcastTo", [writer.constant(3)], {}, [5_000, 2]);
  const graph = writer.graph([writer.op("add", [x, fill], {}, [5_000, 2]), x]);
  expect(graph.inputs).toEqual([x, unread]);
  const session = await InferenceSession.create(
    buildModel(graph, graph.outputs, {
      names: { inputs: ["x", "unread"], outputs: ["sum", "same"], stored: new Map() },
    }).bytes,
  );
  expect([session.inputNames, session.outputNames]).toEqual([
    ["x", "unread"],
    ["sum", "same"],
  ]);
  const { sum, same } = await session.run({
    x: new Tensor("float32", Float32Array.of(1, 2), [2]),
    unread: new Tensor("float32", Float32Array.of(0), [1]),
  });
  expect(Array.from(sum!.data as Float32Array).slice(0, 2)).toEqual([4, 5]);
  expect(Array.from(same!.data as Float32Array)).toEqual([1, 2]);
  await session.release();
});
