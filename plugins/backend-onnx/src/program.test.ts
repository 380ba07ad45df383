import { describe, expect, test } from "vitest";
import type { BackendBuffer, Graph } from "@ansatz/core/plugin";
import { onnx } from "./index.ts";
import type { HostBuffer } from "./host-buffer.ts";
import { partition } from "./kernels/partition.ts";
import { buildModel } from "./model/onnx-model.ts";
import { bools, evaluate, f32, GraphWriter, i32, type Value } from "./testing.ts";

const backend = await onnx({ threads: 2 });

/** Runs a graph on values; returns what the buffers of the inputs hold afterwards, the updates and the outputs. */
async function step(
  graph: Graph,
  values: readonly Value[],
  { sole = false }: { readonly sole?: boolean } = {},
): Promise<Record<"inputs" | "updates" | "outputs", number[][]> & { inPlace: boolean[] }> {
  const program = await backend.compile(graph);
  const inputs = values.map(({ data, shape, dtype }) => backend.upload(data.slice(), shape, dtype, sole));
  const { outputs, updates } = await program.run(inputs);
  const read = (buffers: readonly BackendBuffer[]): Promise<number[][]> =>
    Promise.all(buffers.map(async (buffer) => Array.from(await backend.download(buffer))));
  const result = {
    inputs: await read(inputs),
    updates: await read(updates),
    outputs: await read(outputs),
    inPlace: updates.map((buffer, i) => buffer === inputs[graph.updates[i]!.input]),
  };
  for (const buffer of new Set([...inputs, ...updates, ...outputs])) backend.free(buffer);
  program.dispose();
  return result;
}

/** Rounds halves to even. */
const halfToEven = (x: number): number => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

describe("updates in place", () => {
  test.each([2, 5, 8_192, 8_193, 20_001])(
    "of %i elements, from a gradient that the session computes",
    async (length) => {
      const writer = new GraphWriter();
      const [p, x, rate] = [writer.leaf([length]), writer.leaf([length]), writer.leaf([])];
      const gradient = writer.op("exp", [x], {}, [length]);
      const loss = writer.op("sum", [gradient], { axes: [0], keepDims: false }, []);
      const next = writer.op("sub", [p, writer.op("mul", [rate, gradient], {}, [length])], {}, [length]);
      const data = Array.from({ length }, (_, i) => i % 17);
      const result = await step(writer.graph([loss], [{ input: 0, value: next }]), [
        f32([length], data),
        f32(
          [length],
          data.map(() => 0),
        ),
        f32([], [0.5]),
      ]);
      expect(result.inPlace).toEqual([true]);
      expect(result.updates[0]).toEqual(data.map((value) => value - 0.5));
      expect(result.outputs).toEqual([[length]]);
    },
  );

  test("AdamW: one kernel for parameter and moments, with a factor that the session computes", async () => {
    const writer = new GraphWriter();
    const shape = [3];
    const [p, m, v, x, rate] = [
      writer.leaf(shape),
      writer.leaf(shape),
      writer.leaf(shape),
      writer.leaf(shape),
      writer.leaf([]),
    ];
    const op = (name: string, ...inputs: number[]): number => writer.op(name, inputs, {}, shape);
    const raw = op("sin", x);
    const norm = writer.op(
      "sqrt",
      [writer.op("sum", [op("mul", raw, raw)], { axes: [0], keepDims: false }, [])],
      {},
      [],
    );
    const g = op("mul", raw, writer.op("div", [writer.constant(1), norm], {}, []));
    const [c, beta, rest] = [writer.constant(1e-8), writer.constant(0.9), writer.constant(1 - 0.9)];
    const nextM = op("add", op("mul", m, beta), op("mul", g, rest));
    const nextV = op("add", op("mul", v, beta), op("mul", op("mul", g, g), rest));
    const nextP = op("sub", p, op("mul", op("div", nextM, op("add", op("sqrt", nextV), c)), rate));
    const graph = writer.graph(
      [norm],
      [
        { input: 0, value: nextP },
        { input: 1, value: nextM },
        { input: 2, value: nextV },
      ],
    );
    const values = [
      f32(shape, [1, 2, 3]),
      f32(shape, [0.1, 0, -0.1]),
      f32(shape, [0.2, 0.1, 0.3]),
      f32(shape, [1, -2, 0.5]),
      f32([], [0.01]),
    ] as const;
    const result = await step(graph, values);
    expect(result.inPlace).toEqual([true, true, true]);
    expect(result.inputs.slice(0, 3)).toEqual(result.updates);
    const length = Math.hypot(Math.sin(1), Math.sin(-2), Math.sin(0.5));
    [0, 1, 2].forEach((i) => {
      const gradient = Math.sin(values[3].data[i]!) / length;
      const moment = 0.9 * values[1].data[i]! + 0.1 * gradient;
      const square = 0.9 * values[2].data[i]! + 0.1 * gradient ** 2;
      expect(result.updates[1]![i]).toBeCloseTo(moment, 6);
      expect(result.updates[2]![i]).toBeCloseTo(square, 6);
      expect(result.updates[0]![i]).toBeCloseTo(values[0].data[i]! - (0.01 * moment) / (Math.sqrt(square) + 1e-8), 6);
    });
  });

  test("every op that a kernel computes", async () => {
    const shape = [8];
    const [a, b] = [
      [1.5, -2.5, 0, 4, NaN, -0.5, 2.5, Infinity],
      [1, 2, 0, -4, 1, NaN, 2.5, -1],
    ] as const;
    const ops: readonly (readonly [string, (a: number, b: number) => number])[] = [
      ["add", (x, y) => x + y],
      ["sub", (x, y) => x - y],
      ["mul", (x, y) => x * y],
      ["div", (x, y) => x / y],
      ["minimum", Math.min],
      ["maximum", Math.max],
      ["abs", Math.abs],
      ["neg", (x) => -x],
      ["sqrt", Math.sqrt],
      ["ceil", Math.ceil],
      ["floor", Math.floor],
      ["round", halfToEven],
      ["sign", Math.sign],
      ["equal", (x, y) => Number(x === y)],
      ["notEqual", (x, y) => Number(x !== y)],
      ["less", (x, y) => Number(x < y)],
      ["greater", (x, y) => Number(x > y)],
      ["lessEqual", (x, y) => Number(x <= y)],
      ["greaterEqual", (x, y) => Number(x >= y)],
    ];
    const unary = new Set(["abs", "neg", "sqrt", "ceil", "floor", "round", "sign"]);
    for (const [op, of] of ops) {
      const writer = new GraphWriter();
      const [x, y] = [writer.leaf(shape), writer.leaf(shape)];
      const truth = op.includes("qual") || op === "less" || op === "greater";
      const raw = writer.op(op, unary.has(op) ? [x] : [x, y], {}, shape, truth ? "bool" : "float32");
      const value = truth ? writer.op("cast", [raw], {}, shape) : raw;
      const graph = writer.graph([], [{ input: 0, value }]);
      const { updates, inPlace } = await step(graph, [f32(shape, a), f32(shape, b)]);
      expect(inPlace, op).toEqual([true]);
      expect(
        updates[0]!.map((z) => z + 0),
        op,
      ).toEqual(a.map((z, i) => Math.fround(of(z, b[i]!)) + 0));
    }
  });

  test("where and logic", async () => {
    const writer = new GraphWriter();
    const shape = [4];
    const [x, y] = [writer.leaf(shape), writer.leaf(shape)];
    const bool = (op: string, ...inputs: number[]): number => writer.op(op, inputs, {}, shape, "bool");
    const [up, big] = [bool("greater", x, y), bool("greater", x, writer.constant(2))];
    const chosen = bool("xor", bool("or", up, bool("not", big)), bool("and", up, big));
    const filled = writer.op("broadcastTo", [writer.constant(9)], {}, shape);
    const graph = writer.graph([], [{ input: 0, value: writer.op("where", [chosen, x, filled], {}, shape) }]);
    const result = await step(graph, [f32(shape, [1, 3, 1, 3]), f32(shape, [0, 0, 5, 5])]);
    expect(result.updates).toEqual([[1, 9, 1, 9]]);
    expect(result.inPlace).toEqual([true]);
  });

  test("read old values, even if another update was written before", async () => {
    const writer = new GraphWriter();
    const [p, average, count] = [writer.leaf([2]), writer.leaf([2]), writer.leaf([])];
    const half = writer.constant(0.5);
    const nextP = writer.op("add", [p, count], {}, [2]);
    const nextAverage = writer.op("mul", [writer.op("add", [p, average], {}, [2]), half], {}, [2]);
    const nextCount = writer.op("add", [count, writer.constant(1)], {}, []);
    const graph = writer.graph(
      [p],
      [
        { input: 0, value: nextP },
        { input: 1, value: nextAverage },
        { input: 2, value: nextCount },
      ],
    );
    const result = await step(graph, [f32([2], [1, 2]), f32([2], [3, 6]), f32([], [10])]);
    expect(result.updates).toEqual([[11, 12], [2, 4], [11]]);
    expect(result.inPlace).toEqual([true, true, false]);
    expect(result.outputs).toEqual([[1, 2]]); // a copy, taken before the update
  });
});

test("an update that overwrites what another update reads comes after it", async () => {
  const writer = new GraphWriter();
  const [a, b, c] = [writer.leaf([2]), writer.leaf([2]), writer.leaf([2])];
  const [nextA, nextC] = [writer.op("add", [b, b], {}, [2]), writer.op("add", [c, a], {}, [2])];
  const result = await step(
    writer.graph(
      [],
      [
        { input: 0, value: nextA },
        { input: 2, value: nextC },
      ],
    ),
    [f32([2], [1, 2]), f32([2], [3, 4]), f32([2], [5, 6])],
  );
  expect(result).toMatchObject({
    updates: [
      [6, 8],
      [6, 8],
    ],
    inPlace: [true, true],
  });
});

describe("updates left to the session", () => {
  test("if an output reads the new value", async () => {
    const writer = new GraphWriter();
    const p = writer.leaf([2]);
    const next = writer.op("add", [p, writer.constant(1)], {}, [2]);
    const square = writer.op("mul", [next, next], {}, [2]);
    const result = await step(writer.graph([square, next], [{ input: 0, value: next }]), [f32([2], [1, 2])]);
    expect(result).toEqual({
      inputs: [[1, 2]],
      updates: [[2, 3]],
      outputs: [
        [4, 9],
        [2, 3],
      ],
      inPlace: [false],
    });
  });
  test("if inputs are swapped, or become a constant or an integer", async () => {
    const writer = new GraphWriter();
    const [a, b, n] = [writer.leaf([2]), writer.leaf([2]), writer.leaf([2], "int32")];
    const more = writer.op("add", [n, writer.constant(1, "int32")], {}, [2], "int32");
    const graph = writer.graph(
      [],
      [
        { input: 0, value: b },
        { input: 1, value: a },
        { input: 2, value: more },
      ],
    );
    const result = await step(graph, [f32([2], [1, 2]), f32([2], [3, 4]), i32([2], [5, 6])]);
    expect(result.updates).toEqual([
      [3, 4],
      [1, 2],
      [6, 7],
    ]);
    expect(result.inputs).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
  });
  test("if a mask of bools is read", async () => {
    const writer = new GraphWriter();
    const [p, mask] = [writer.leaf([2]), writer.leaf([2], "bool")];
    const kept = writer.op("where", [mask, p, writer.constant(0)], {}, [2]);
    const twice = writer.op("add", [kept, p], {}, [2]);
    const graph = writer.graph([], [{ input: 0, value: twice }]);
    expect([...partition(graph).region]).toEqual([twice]);
    expect((await step(graph, [f32([2], [1, 2]), bools([2], [1, 0])])).updates).toEqual([[2, 2]]);
  });
});

describe("buffers", () => {
  test("an output that is an input does not change when the input is updated", async () => {
    const writer = new GraphWriter();
    const x = writer.leaf([3]);
    const shaped = writer.op("reshape", [x], {}, [3, 1]);
    const program = await backend.compile(writer.graph([x, shaped, x]));
    const data = Float32Array.of(1, 2, 3);
    const input = backend.upload(data, [3], "float32");
    const { outputs } = await program.run([input]);
    data.fill(9);
    for (const output of outputs) expect(Array.from(await backend.download(output))).toEqual([1, 2, 3]);
    (outputs[0] as unknown as { data: Float32Array }).data.fill(7);
    expect(Array.from(await backend.download(outputs[2]!))).toEqual([1, 2, 3]);
    for (const buffer of [input, ...outputs]) backend.free(buffer);
    program.dispose();
  });

  test("are counted until they are freed, and refused after that", async () => {
    const before = backend.memory();
    const buffer = backend.upload(Float32Array.of(1, 2), [2], "float32");
    expect(backend.memory()).toEqual({ ...before, buffers: before.buffers + 1, bytes: before.bytes + 8 });
    backend.free(buffer);
    expect(backend.memory()).toEqual(before);
    expect(() => backend.free(buffer)).toThrow("freed");
    await expect(backend.download(buffer)).rejects.toThrow("freed");
    expect(() => backend.free({ backend: "cpu", shape: [], dtype: "float32" })).toThrow('"cpu"');
    expect(() => backend.upload(new Float64Array(1), [], "float64")).toThrow("float64");
  });

  test("are refused if there are too few, or if a shape differs", async () => {
    const writer = new GraphWriter();
    const x = writer.leaf([2]);
    const program = await backend.compile(writer.graph([writer.op("neg", [x], {}, [2])]));
    const buffer = backend.upload(Float32Array.of(1, 2, 3), [3], "float32");
    await expect(program.run([buffer])).rejects.toThrow(/expected: float32 \[2\]\n {2}given: {4}float32 \[3\]/);
    await expect(program.run([])).rejects.toThrow("takes 1 inputs");
    backend.free(buffer);
    program.dispose();
  });

  test("take the memory of freed results of their size, and of nothing else", async () => {
    const memoryOf = (buffer: BackendBuffer) => (buffer as HostBuffer).data;
    const writer = new GraphWriter();
    const p = writer.leaf([77]);
    const next = writer.op("mul", [p, writer.constant(0.5)], {}, [77]);
    const graph = writer.graph([writer.op("exp", [p], {}, [77])], [{ input: 0, value: next }]);
    const program = await backend.compile(graph);
    const given = new Float32Array(77);
    const input = backend.upload(given, [77], "float32");
    const [first] = (await program.run([input])).outputs;
    const memory = memoryOf(first!);
    const [second] = (await program.run([first!])).outputs; // which moves the first to the kernels' memory
    const [moved, later] = [memoryOf(first!), memoryOf(second!)];
    expect(memory.length, "the memory that it left is free").toBe(0);
    expect(moved.length).toBe(77);
    for (const buffer of [first!, second!, input]) backend.free(buffer);
    const again = backend.upload(new Float32Array(77).fill(1), [77], "float32");
    const [third] = (await program.run([again])).outputs;
    const [fourth] = (await program.run([again])).outputs;
    expect(memoryOf(third!)).toBe(later);
    for (const own of [given, moved, later]) expect(memoryOf(fourth!)).not.toBe(own);
    expect((await backend.download(third!))[0]).toBeCloseTo(Math.E, 5);
    for (const buffer of [third!, fourth!, again]) backend.free(buffer);
    program.dispose();
  });

  test("what moves to the kernels leaves no memory behind if nothing else refers to it", async () => {
    const writer = new GraphWriter();
    const next = writer.op("mul", [writer.leaf([77]), writer.constant(0.5)], {}, [77]);
    const program = await backend.compile(writer.graph([], [{ input: 0, value: next }]));
    const whole = new Float32Array(78).fill(2);
    const [shared, part, sole] = [new Float32Array(77).fill(2), whole.subarray(1), new Float32Array(77).fill(2)];
    for (const [data, alone] of [
      [shared, false],
      [part, true],
      [sole, true],
    ] as const) {
      const buffer = backend.upload(data, [77], "float32", alone);
      await program.run([buffer]);
      expect([...(await backend.download(buffer))]).toEqual(Array(77).fill(1));
      backend.free(buffer);
    }
    expect([shared.length, part.length, sole.length]).toEqual([77, 77, 0]);
    program.dispose();
  });

  test("many runs need no more memory", async () => {
    const writer = new GraphWriter();
    const p = writer.leaf([100]);
    const next = writer.op("mul", [p, writer.constant(0.5)], {}, [100]);
    const loss = writer.op("sum", [p], { axes: [0], keepDims: false }, []);
    const program = await backend.compile(writer.graph([loss], [{ input: 0, value: next }]));
    const buffer = backend.upload(new Float32Array(100).fill(1), [100], "float32");
    const before = backend.memory();
    const losses: number[] = [];
    for (let run = 0; run < 100; run++) {
      const { outputs } = await program.run([buffer]);
      losses.push((await backend.download(outputs[0]!))[0]!);
      backend.free(outputs[0]!);
    }
    expect(losses.slice(0, 4)).toEqual([100, 50, 25, 12.5]);
    expect(backend.memory()).toEqual(before);
    backend.free(buffer);
    program.dispose();
  });
});

test("a large fill does not grow the model", async () => {
  const writer = new GraphWriter();
  const x = writer.leaf([1]);
  const zeros = writer.op("broadcastTo", [writer.constant(0.5)], {}, [100_000]);
  const [result] = await evaluate(backend, writer.graph([writer.op("add", [zeros, x], {}, [100_000])]), [
    f32([1], [1]),
  ]);
  expect(new Set(result)).toEqual(new Set([1.5]));
});

test("a long chain runs", async () => {
  const writer = new GraphWriter();
  let x = writer.leaf([2]);
  for (let i = 0; i < 2_000; i++) x = writer.op(i % 2 === 0 ? "sin" : "exp", [x], {}, [2]);
  const [result] = await evaluate(backend, writer.graph([x]), [f32([2], [1, 2])]);
  expect(result?.every(Number.isFinite)).toBe(true);
});

describe("updates that replace rows", () => {
  const cache = f32([1, 4, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
  const values = [cache, f32([1, 1, 2], [10, 20]), i32([3], [0, 2, 0])];
  const expected = [1, 2, 3, 4, 10, 20, 7, 8];

  function replacing(outputs: (writer: GraphWriter, old: number, next: number) => readonly number[]): Graph {
    const writer = new GraphWriter();
    const inputs = [writer.leaf([1, 4, 2]), writer.leaf([1, 1, 2]), writer.leaf([3], "int32")];
    const next = writer.op("dynamicUpdateSlice", inputs, {}, [1, 4, 2]);
    return writer.graph(outputs(writer, inputs[0]!, next), [{ input: 0, value: next }]);
  }

  const total = (writer: GraphWriter, of: number): number =>
    writer.op("sum", [of], { axes: [0, 1, 2], keepDims: false }, []);

  test("write them where they are, and later nodes read what was written", async () => {
    const result = await step(
      replacing((writer, _old, next) => [total(writer, next)]),
      values,
      { sole: true },
    );
    expect(result.inPlace).toEqual([true]);
    expect([...result.updates, ...result.outputs]).toEqual([expected, [55]]);
  });

  test.each([
    [
      "the caller holds the old ones",
      false,
      (writer: GraphWriter, _old: number, next: number) => [total(writer, next)],
    ],
    ["another node reads the old ones", true, (writer: GraphWriter, old: number) => [total(writer, old)]],
    ["the old ones are put out", true, (_writer: GraphWriter, old: number) => [old]],
    ["the new ones are put out", true, (_writer: GraphWriter, _old: number, next: number) => [next]],
  ] as const)("do not if %s", async (_name, sole, outputs) => {
    const result = await step(replacing(outputs), values, { sole });
    expect(result.inPlace).toEqual([false]);
    expect(result.updates).toEqual([expected]);
    expect(result.inputs[0]).toEqual([...cache.data]);
  });
});

test("short vectors are fed as one, with the values of each run", async () => {
  const writer = new GraphWriter();
  const lengths = Array.from({ length: 9 }, (_, i) => i + 1);
  const vectors = lengths.map((length) => writer.leaf([length]));
  const [matrix, unread] = [writer.leaf([2, 2]), writer.leaf([3])];
  const doubled = [...vectors, matrix].map((index) => {
    const { shape } = writer.nodes[index]!;
    return writer.op("add", [index, index], {}, shape);
  });
  const graph = writer.graph(doubled);
  const { inputs, packed } = buildModel(graph, graph.outputs);
  expect(packed?.positions).toEqual(vectors);
  expect(inputs.map((input) => input?.shape)).toEqual([...vectors.map(() => undefined), [2, 2], undefined]);
  expect(unread).toBe(graph.inputs.at(-1));
  const program = await backend.compile(graph);
  for (const start of [1, 100]) {
    const given = [...lengths.map((length) => [length]), [2, 2], [3]].map((shape) =>
      f32(
        shape,
        Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => start + i),
      ),
    );
    const buffers = given.map(({ data, shape, dtype }) => backend.upload(data, shape, dtype));
    const { outputs } = await program.run(buffers);
    for (const [i, output] of outputs.entries())
      expect([...(await backend.download(output))]).toEqual([...given[i]!.data].map((x) => 2 * x));
    for (const buffer of [...buffers, ...outputs]) backend.free(buffer);
  }
  program.dispose();
});
