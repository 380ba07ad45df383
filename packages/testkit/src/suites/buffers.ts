import { BackendError, type DType, type TypedArray } from "@ansatz/core";
import { allocate, type Backend, type BackendBuffer, type Graph, type GraphNode } from "@ansatz/core/plugin";
import { describe, expect, test } from "vitest";
import type { Subjects } from "../subjects.ts";

const vector = { shape: [4], dtype: "float32" } as const;
const node = (op: string, inputs: readonly number[] = []): GraphNode => ({ op, inputs, attributes: {}, ...vector });

/** The contract of buffers and programs, without tensors. */
export function bufferSuite(subjects: () => Subjects): void {
  describe("buffers", () => {
    test("values of every dtype come back unchanged", async () => {
      const { backend } = subjects();
      for (const dtype of backend.dtypes) {
        const data = allocate(dtype, 6);
        data.set([0, 1, 1, 0, 1, 0].map((value, position) => (dtype === "bool" ? value : value * 1000 + position)));
        await roundTrip(backend, data, [2, 3], dtype);
        await roundTrip(backend, data.slice(1, 2), [], dtype);
      }
    });

    test("a download is a copy", async () => {
      const { backend } = subjects();
      const buffer = upload(backend, [1, 2, 3, 4]);
      (await backend.download(buffer)).fill(9);
      expect(await read(backend, buffer)).toEqual([1, 2, 3, 4]);
      backend.free(buffer);
    });

    test("outputs are fresh, even if one is an input or two are the same node", async () => {
      const { backend } = subjects();
      const program = await backend.compile({
        nodes: [node("leaf"), node("add", [0, 0])],
        inputs: [0],
        outputs: [0, 1, 1],
        updates: [],
      });
      const x = upload(backend, [1, 2, 3, 4]);
      const { outputs } = await program.run([x]);
      backend.free(x);
      expect(await read(backend, outputs[0]!)).toEqual([1, 2, 3, 4]);
      backend.free(outputs[0]!);
      backend.free(outputs[1]!);
      expect(await read(backend, outputs[2]!)).toEqual([2, 4, 6, 8]);
      backend.free(outputs[2]!);
      program.dispose();
    });

    test("two inputs may share a buffer, and a program can run again on other values", async () => {
      const { backend } = subjects();
      const program = await backend.compile({
        nodes: [node("leaf"), node("leaf"), node("mul", [0, 1])],
        inputs: [0, 1],
        outputs: [2],
        updates: [],
      });
      const [x, y] = [upload(backend, [1, 2, 3, 4]), upload(backend, [10, 10, 10, 10])];
      expect(await results(backend, program.run([x, x]))).toEqual([[1, 4, 9, 16]]);
      expect(await results(backend, program.run([x, y]))).toEqual([[10, 20, 30, 40]]);
      expect(await read(backend, x)).toEqual([1, 2, 3, 4]);
      for (const buffer of [x, y]) backend.free(buffer);
      program.dispose();
    });
  });

  test("a program refuses inputs that it was not compiled for, and says what it expects", async () => {
    const { backend } = subjects();
    const graph: Graph = { nodes: [node("leaf"), node("neg", [0])], inputs: [0], outputs: [1], updates: [] };
    const program = await backend.compile(graph);
    const short = upload(backend, [1, 2, 3]);
    const whole = backend.upload(Int32Array.of(1, 2, 3, 4), [4], "int32");
    const right = upload(backend, [1, 2, 3, 4]);
    const refusal = (inputs: readonly BackendBuffer[]): Promise<string> =>
      program.run(inputs).then(
        () => "nothing was refused",
        (error: unknown) => (error instanceof BackendError ? error.message : `not a BackendError: ${String(error)}`),
      );
    expect(await refusal([])).toMatch(`${backend.name}: the program takes 1 inputs but was given 0`);
    expect(await refusal([short])).toMatch(
      /input 0 does not fit the program\n {2}expected: float32 \[4\]\n {2}given: {4}float32 \[3\]/,
    );
    expect(await refusal([whole])).toMatch(/expected: float32 \[4\]\n {2}given: {4}int32 \[4\]/);
    expect(await refusal([{ ...right, backend: "another" }])).toMatch('a buffer of backend "another" (float32 [4])');
    for (const buffer of [short, whole, right]) backend.free(buffer);
    program.dispose();
  });

  describe("updates", () => {
    test("outputs and other updates see the old values", async () => {
      const { backend } = subjects();
      // a and b are swapped; their old sum and the old value of a are outputs.
      const graph: Graph = {
        nodes: [node("leaf"), node("leaf"), node("add", [0, 1])],
        inputs: [0, 1],
        outputs: [2, 0],
        updates: [
          { input: 0, value: 1 },
          { input: 1, value: 0 },
        ],
      };
      expect(
        await step(backend, graph, [
          [1, 2, 3, 4],
          [10, 20, 30, 40],
        ]),
      ).toEqual({
        outputs: [
          [11, 22, 33, 44],
          [1, 2, 3, 4],
        ],
        updates: [
          [10, 20, 30, 40],
          [1, 2, 3, 4],
        ],
      });
    });

    test("one value may update two cells and be an output", async () => {
      const { backend } = subjects();
      const graph: Graph = {
        nodes: [node("leaf"), node("leaf"), node("add", [0, 1])],
        inputs: [0, 1],
        outputs: [2],
        updates: [
          { input: 0, value: 2 },
          { input: 1, value: 2 },
        ],
      };
      const sum = [11, 22, 33, 44];
      expect(
        await step(backend, graph, [
          [1, 2, 3, 4],
          [10, 20, 30, 40],
        ]),
      ).toEqual({ outputs: [sum], updates: [sum, sum] });
    });

    test("dependent updates keep their order over many runs", async () => {
      const { backend } = subjects();
      const program = await backend.compile({
        nodes: [node("leaf"), node("leaf"), node("mul", [0, 1]), node("add", [1, 2])],
        inputs: [0, 1],
        outputs: [],
        updates: [
          { input: 0, value: 2 },
          { input: 1, value: 3 },
        ],
      });
      let state: readonly BackendBuffer[] = [upload(backend, [1, 2, 1, 0.5]), upload(backend, [1, 1, 2, 1])];
      let expected = [
        [1, 2, 1, 0.5],
        [1, 1, 2, 1],
      ];
      for (let count = 0; count < 4; count++) {
        const { updates } = await program.run(state);
        state.forEach((buffer, position) => buffer !== updates[position] && backend.free(buffer));
        state = updates;
        const product = expected[0]!.map((a, i) => a * expected[1]![i]!);
        expected = [product, expected[1]!.map((b, i) => b + product[i]!)];
        for (const [position, buffer] of state.entries())
          expect(await read(backend, buffer)).toEqual(expected[position]!.map(Math.fround));
      }
      for (const buffer of state) backend.free(buffer);
      program.dispose();
    });
  });
}

function upload(backend: Backend, values: readonly number[]): BackendBuffer {
  return backend.upload(Float32Array.from(values), [values.length], "float32");
}

async function read(backend: Backend, buffer: BackendBuffer): Promise<number[]> {
  return Array.from(await backend.download(buffer));
}

async function results(
  backend: Backend,
  run: Promise<{ readonly outputs: readonly BackendBuffer[] }>,
): Promise<number[][]> {
  const { outputs } = await run;
  const values = await Promise.all(outputs.map((buffer) => read(backend, buffer)));
  for (const buffer of outputs) backend.free(buffer);
  return values;
}

async function roundTrip(backend: Backend, data: TypedArray, shape: readonly number[], dtype: DType): Promise<void> {
  const before = backend.memory();
  const buffer = backend.upload(data.slice(), shape, dtype);
  expect({ shape: buffer.shape, dtype: buffer.dtype }).toEqual({ shape, dtype });
  expect(backend.memory().buffers).toBe(before.buffers + 1);
  const back = await backend.download(buffer);
  expect(back.constructor).toBe(data.constructor);
  expect(Array.from(back)).toEqual(Array.from(data));
  backend.free(buffer);
  expect(backend.memory()).toEqual(before);
}

/** Runs a graph with updates once, and checks that no memory is left behind. */
async function step(
  backend: Backend,
  graph: Graph,
  inputs: readonly (readonly number[])[],
): Promise<{ outputs: number[][]; updates: number[][] }> {
  const before = backend.memory();
  const program = await backend.compile(graph);
  const buffers = inputs.map((values) => upload(backend, values));
  const { outputs, updates } = await program.run(buffers);
  const values = {
    outputs: await Promise.all(outputs.map((buffer) => read(backend, buffer))),
    updates: await Promise.all(updates.map((buffer) => read(backend, buffer))),
  };
  for (const buffer of new Set([...buffers, ...outputs, ...updates])) backend.free(buffer);
  program.dispose();
  expect(backend.memory()).toEqual(before);
  return values;
}
