import { describe, expect, test } from "vitest";
import type { Graph } from "@ansatz/core/plugin";
import { onnx } from "../index.ts";
import { evaluate, f32, GraphWriter } from "../testing.ts";

const backend = await onnx({ threads: 2 });
const scalar = { shape: [], dtype: "float32" } as const;
const three = { shape: [3], dtype: "float32" } as const;

/** carry ← factor · carry + x, y = the new carry and the old one. */
function recurrence(): Graph {
  const body = new GraphWriter();
  const [factor, carry, x] = [body.leaf([]), body.leaf([]), body.leaf([])];
  const next = body.op("add", [body.op("mul", [factor, carry], {}, []), x], {}, []);
  return body.graph([next, next, carry]);
}

describe("scan", () => {
  test.each([
    [false, [11, 1, 3, 11, 0, 1, 3].join()],
    [true, [15, 15, 8, 4, 8, 4, 0].join()],
  ])("captured values, carries and sequences; reverse %s", async (reverse, expected) => {
    const writer = new GraphWriter();
    const inputs = [writer.leaf([]), writer.leaf([]), writer.leaf([3])];
    const attributes = { captured: 1, carries: 1, sequences: 1, length: 3, reverse };
    const outputs = writer.parts("scan", inputs, attributes, [scalar, three, three], recurrence());
    const values = reverse
      ? [f32([], [2]), f32([], [0]), f32([3], [-1, 0, 4])]
      : [f32([], [2]), f32([], [0]), f32([3], [1, 1, 5])];
    const results = await evaluate(backend, writer.graph(outputs), values);
    expect(results.flatMap((array) => Array.from(array)).join()).toBe(expected);
  });

  test("without sequences, without carries, with outputs that are inputs", async () => {
    const counter = new GraphWriter();
    const count = counter.leaf([]);
    const next = counter.op("add", [count, counter.constant(1)], {}, []);
    const writer = new GraphWriter();
    const [start, values] = [writer.leaf([]), writer.leaf([3])];
    const counted = writer.parts(
      "scan",
      [start],
      { captured: 0, carries: 1, sequences: 0, length: 3, reverse: false },
      [scalar, three],
      counter.graph([next, count]),
    );
    const through = new GraphWriter();
    const [captured, x] = [through.leaf([]), through.leaf([])];
    const passed = writer.parts(
      "scan",
      [start, values],
      { captured: 1, carries: 0, sequences: 1, length: 3, reverse: false },
      [three, three],
      through.graph([captured, x]),
    );
    const results = await evaluate(backend, writer.graph([...counted, ...passed]), [f32([], [5]), f32([3], [1, 2, 3])]);
    expect(results.map((array) => Array.from(array))).toEqual([[8], [5, 6, 7], [5, 5, 5], [1, 2, 3]]);
  });

  test("inside a scan, with a value from outside both", async () => {
    const inner = new GraphWriter();
    const [step, total, x] = [inner.leaf([]), inner.leaf([]), inner.leaf([])];
    const innerGraph = inner.graph([inner.op("add", [total, inner.op("mul", [x, step], {}, [])], {}, [])]);
    const outer = new GraphWriter();
    const [factor, carry, row] = [outer.leaf([]), outer.leaf([]), outer.leaf([2])];
    const [sum] = outer.parts(
      "scan",
      [factor, carry, row],
      { captured: 1, carries: 1, sequences: 1, length: 2, reverse: false },
      [scalar],
      innerGraph,
    );
    const writer = new GraphWriter();
    const inputs = [writer.leaf([]), writer.leaf([]), writer.leaf([3, 2])];
    const outputs = writer.parts(
      "scan",
      inputs,
      { captured: 1, carries: 1, sequences: 1, length: 3, reverse: false },
      [scalar, three],
      outer.graph([sum!, sum!]),
    );
    const results = await evaluate(backend, writer.graph(outputs), [
      f32([], [10]),
      f32([], [1]),
      f32([3, 2], [1, 2, 3, 4, 5, 6]),
    ]);
    expect(results.map((array) => Array.from(array))).toEqual([[211], [31, 101, 211]]);
  });

  test("of 5,000 steps", async () => {
    const writer = new GraphWriter();
    const inputs = [writer.leaf([]), writer.leaf([]), writer.leaf([5_000])];
    const attributes = { captured: 1, carries: 1, sequences: 1, length: 5_000, reverse: false };
    const [last] = writer.parts(
      "scan",
      inputs,
      attributes,
      [scalar, { ...three, shape: [5_000] }, { ...three, shape: [5_000] }],
      recurrence(),
    );
    const [result] = await evaluate(backend, writer.graph([last!]), [
      f32([], [1]),
      f32([], [0]),
      f32(
        [5_000],
        Array.from({ length: 5_000 }, () => 1),
      ),
    ]);
    expect(result?.[0]).toBe(5_000);
  });
});
