import { describe, expect, test } from "vitest";
import { cpu } from "./cpu.ts";
import { f32, GraphWriter, i32, runGraph, runParts } from "./testing.ts";

const scalar = { shape: [], dtype: "float32" as const };
const vector = (length: number) => ({ shape: [length], dtype: "float32" as const });

/** carry' = carry * factor + x; y = carry' */
function body() {
  const writer = new GraphWriter();
  const [factor, carry, x] = [writer.leaf(scalar), writer.leaf(scalar), writer.leaf(scalar)];
  const next = writer.node("add", [writer.node("mul", [carry, factor], scalar), x], scalar);
  return writer.graph([next, next]);
}

describe("scan", () => {
  const inputs = [f32([], 2), f32([], 1), f32([3], 10, 20, 30)];
  const attributes = { captured: 1, carries: 1, sequences: 1, length: 3 };

  test("forward", async () => {
    expect(await runParts("scan", inputs, [scalar, vector(3)], { ...attributes, reverse: false }, body())).toEqual([
      [118],
      [12, 44, 118],
    ]);
  });

  test("in reverse: from the last step, stacked at each step's index", async () => {
    expect(await runParts("scan", inputs, [scalar, vector(3)], { ...attributes, reverse: true }, body())).toEqual([
      [178],
      [178, 84, 32],
    ]);
  });

  test("without sequences, nested, and long", async () => {
    const inner = new GraphWriter();
    const count = inner.leaf(scalar);
    const one = inner.node("constant", [], scalar, { value: 1 });
    const added = inner.graph([inner.node("add", [count, one], scalar)]);
    const outer = new GraphWriter();
    const carry = outer.leaf(scalar);
    const own = { captured: 0, carries: 1, sequences: 0, reverse: false };
    const tuple = outer.node("scan", [carry], scalar, { ...own, length: 10 }, { parts: [scalar], body: added });
    const result = outer.graph([outer.node("part", [tuple], scalar, { index: 0 })]);
    expect(await runParts("scan", [f32([], 0)], [scalar], { ...own, length: 2000 }, result)).toEqual([[20000]]);
  });
});

test("updates return fresh buffers, and the old values stay readable", async () => {
  const backend = cpu();
  const writer = new GraphWriter();
  const x = writer.leaf(vector(2));
  const doubled = writer.node("add", [x, x], vector(2));
  const program = await backend.compile(writer.graph([x, doubled], [{ input: 0, value: doubled }]));
  const before = backend.upload(Float32Array.of(1, 2), [2], "float32");
  const { outputs, updates } = await program.run([before]);
  const read = async (buffer: (typeof outputs)[number]) => Array.from(await backend.download(buffer));
  expect(await Promise.all([...outputs, ...updates, before].map(read))).toEqual([
    [1, 2],
    [2, 4],
    [2, 4],
    [1, 2],
  ]);
  for (const buffer of [...outputs, ...updates, before]) backend.free(buffer);
  expect(backend.memory()).toMatchObject({ buffers: 0, bytes: 0 });
});

test("memory counts each buffer once, and shared values once", async () => {
  const backend = cpu();
  const x = backend.upload(new Float32Array(6), [2, 3], "float32");
  expect(backend.memory()).toMatchObject({ buffers: 1, bytes: 24 });
  const writer = new GraphWriter();
  const leaf = writer.leaf(x);
  const program = await backend.compile(writer.graph([writer.node("reshape", [leaf], vector(6))]));
  const { outputs } = await program.run([x]);
  expect(backend.memory()).toMatchObject({ buffers: 2, bytes: 24 });
  backend.free(x);
  expect(backend.memory()).toMatchObject({ buffers: 1, bytes: 24 });
  expect(await backend.download(outputs[0]!)).toHaveLength(6);
  backend.dispose();
  expect(backend.memory()).toMatchObject({ buffers: 0, bytes: 0 });
});

test("20,000 nodes in a row", async () => {
  const writer = new GraphWriter();
  let node = writer.leaf(scalar);
  const one = writer.node("constant", [], scalar, { value: 1 });
  for (let count = 0; count < 20_000; count++) node = writer.node("add", [node, one], scalar);
  expect(await runGraph(writer.graph([node]), [f32([], 0)])).toEqual([[20_000]]);
});

describe("bad input", () => {
  test("freed and foreign buffers", () => {
    const [one, other] = [cpu(), cpu()];
    const buffer = one.upload(new Float32Array(1), [], "float32");
    expect(() => other.free(buffer)).toThrow("that another cpu() made");
    one.free(buffer);
    expect(() => one.free(buffer)).toThrow("cannot free a buffer that was freed");
    expect(() => one.free({ backend: "onnx", shape: [2], dtype: "int32" })).toThrow(
      'buffer of backend "onnx" (int32 [2])',
    );
  });

  test("uploads of a wrong type or length", () => {
    expect(() => cpu().upload(new Float32Array(3), [2], "float32")).toThrow(
      "cannot upload Float32Array of 3 as float32 [2]",
    );
    expect(() => cpu().upload(new Int32Array(2), [2], "float32")).toThrow("pass Float32Array of 2");
  });

  test("an unknown op", async () => {
    const writer = new GraphWriter();
    const node = writer.node("nonsense", [writer.leaf(scalar)], scalar);
    await expect(cpu().compile(writer.graph([node]))).rejects.toThrow('cpu: there is no kernel for "nonsense"');
    const inherited = writer.node("toString", [0], scalar);
    await expect(cpu().compile(writer.graph([inherited]))).rejects.toThrow("there is no kernel");
  });

  test("inputs that the program was not compiled for", async () => {
    const backend = cpu();
    const writer = new GraphWriter();
    const program = await backend.compile(writer.graph([writer.leaf(vector(2))]));
    await expect(program.run([])).rejects.toThrow("takes 1 inputs but was given 0");
    const { data, shape, dtype } = i32([2], 1, 2);
    await expect(program.run([backend.upload(data, shape, dtype)])).rejects.toThrow(
      /input 0 does not fit the program\n {2}expected: float32 \[2\]\n {2}given: {4}int32 \[2\]/,
    );
    program.dispose();
    await expect(program.run([])).rejects.toThrow("this program was disposed");
  });
});

test("supports follows the table", () => {
  const backend = cpu();
  expect(backend.supports("matmul", "float64")).toBe(true);
  expect(backend.supports("div", "int32")).toBe(false);
  expect(backend.supports("and", "bool")).toBe(true);
  expect(backend.supports("gelu", "float32")).toBe(false);
  expect(backend.supports("constructor", "float32")).toBe(false);
  expect(backend.supports("scan", "float32")).toBe(true);
});
