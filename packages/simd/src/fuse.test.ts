import { key, uniform, type Shape, type TypedArray } from "@ansatz/core";
import {
  allocate,
  broadcastShapes,
  interpret,
  sizeOf,
  type Graph,
  type GraphNode,
  type KernelDevice,
} from "@ansatz/core/plugin";
import { kernels as plain, partsKernels } from "@ansatz/kernels";
import { describe, expect, test } from "vitest";
import { webAssembly, fuse, SimdKernels, type Expression } from "./index.ts";

const kernels = new SimdKernels();
const memory = new webAssembly.Memory({ initial: 64 });

/** The plain kernels, and a kernel for fused nodes that works on copies in the memory. */
const device: KernelDevice<TypedArray> = {
  name: "test",
  kernels: plain,
  partsKernels: {
    ...partsKernels,
    fused: (node) => (values) => {
      const { expression, rows, columns, strides } = node.attributes as {
        expression: string;
        rows: number;
        columns: number;
        strides: number[];
      };
      let end = 0;
      const views = [...values, ...node.parts!.map(({ dtype, shape }) => allocate(dtype, sizeOf(shape)))].map(
        (data) => {
          const view =
            data instanceof Uint8Array
              ? new Uint8Array(memory.buffer, end, data.length)
              : new Float32Array(memory.buffer, end, data.length);
          view.set(data);
          end += Math.ceil(data.byteLength / 4) * 4;
          return view;
        },
      );
      kernels.elementwise(JSON.parse(expression) as Expression, memory)(
        rows,
        columns,
        ...views.flatMap((view, i) => [view.byteOffset, strides[i]!]),
      );
      return views.slice(values.length).map((view) => view.slice());
    },
  },
  share: (value) => value,
  free: () => {},
  step: (sequence, index, { shape }) =>
    sequence.slice(index * sizeOf(shape.slice(1)), (index + 1) * sizeOf(shape.slice(1))),
  stack: (steps, { shape, dtype }) => {
    const result = allocate(dtype, sizeOf(shape));
    for (const [i, step] of steps.entries()) result.set(step, i * step.length);
    return result;
  },
};

class Writer {
  readonly nodes: GraphNode[] = [];
  readonly inputs: number[] = [];

  leaf(shape: Shape, dtype: "float32" | "bool" = "float32"): number {
    const index = this.nodes.push({ op: "leaf", shape, dtype, inputs: [], attributes: {} }) - 1;
    this.inputs.push(index);
    return index;
  }

  op(op: string, inputs: readonly number[], over: Partial<GraphNode> = {}): number {
    const shape = inputs.map((input) => this.nodes[input]!.shape).reduce<Shape>((a, b) => broadcastShapes(a, b)!, []);
    return this.nodes.push({ op, shape, dtype: "float32", inputs, attributes: {}, ...over }) - 1;
  }

  constant(value: number): number {
    return this.op("constant", [], { attributes: { value } });
  }

  graph(outputs: readonly number[], updates: Graph["updates"] = []): Graph {
    return { nodes: this.nodes, inputs: this.inputs, outputs, updates };
  }
}

const opsOf = (graph: Graph): readonly string[] =>
  graph.nodes.map(({ op }) => op).filter((op) => op !== "leaf" && op !== "part");

async function numbers(seed: number, shape: Shape): Promise<Float32Array> {
  return uniform(key(seed), shape, { low: -2, high: 2 }).data("float32");
}

describe("fuse", () => {
  test("an update rule becomes one node with three results", () => {
    const writer = new Writer();
    const [p, m, v, g, rate] = [
      writer.leaf([5, 3]),
      writer.leaf([5, 3]),
      writer.leaf([5, 3]),
      writer.leaf([3, 5]),
      writer.leaf([]),
    ];
    const gradient = writer.op("transpose", [g], { shape: [5, 3], attributes: { permutation: [1, 0] } });
    const mix = (a: number, b: number, weight: number): number =>
      writer.op("add", [
        writer.op("mul", [a, writer.constant(weight)]),
        writer.op("mul", [b, writer.constant(1 - weight)]),
      ]);
    const nextM = mix(m, gradient, 0.9);
    const nextV = mix(v, writer.op("mul", [gradient, gradient]), 0.99);
    const nextP = writer.op("sub", [
      p,
      writer.op("mul", [rate, writer.op("div", [nextM, writer.op("sqrt", [nextV])])]),
    ]);
    const graph = fuse(
      writer.graph(
        [],
        [[0, nextP] as const, [1, nextM] as const, [2, nextV] as const].map(([input, value]) => ({ input, value })),
      ),
    );
    expect(opsOf(graph)).toEqual(["transpose", "fused"]);
    expect(graph.nodes.find(({ op }) => op === "fused")!.parts).toHaveLength(3);
  });

  test("nodes on both sides of a reduction become two nodes, since one would wait for itself", () => {
    const writer = new Writer();
    const x = writer.leaf([4, 6]);
    const power = writer.op("exp", [x]);
    const total = writer.op("sum", [power], { shape: [4, 1], attributes: { axes: [1], keepDims: true } });
    const graph = fuse(writer.graph([writer.op("div", [power, total])]));
    expect(opsOf(graph)).toEqual(["fused", "sum", "fused"]);
  });

  test("operands that need different splits into rows are not read by one node", () => {
    const writer = new Writer();
    const [x, column, plane] = [writer.leaf([2, 3, 4]), writer.leaf([2, 3, 1]), writer.leaf([3, 4])];
    const graph = fuse(writer.graph([writer.op("mul", [writer.op("add", [x, column]), plane])]));
    expect(opsOf(graph)).toEqual(["fused", "fused"]);
  });

  test("the bodies of scans are joined, and nodes of other dtypes stay", () => {
    const body = new Writer();
    const [state, x] = [body.leaf([3]), body.leaf([3])];
    const next = body.op("tanh", [body.op("add", [state, x])]);
    const writer = new Writer();
    const [first, xs] = [writer.leaf([3]), writer.leaf([5, 3])];
    const whole = writer.op(
      "add",
      [
        writer.op("constant", [], { dtype: "int32", attributes: { value: 1 } }),
        writer.op("constant", [], { dtype: "int32", attributes: { value: 2 } }),
      ],
      { dtype: "int32" },
    );
    const parts = [{ shape: [3], dtype: "float32" } as const];
    const scan = writer.op("scan", [first, xs], {
      shape: [],
      parts,
      body: body.graph([next]),
      attributes: { captured: 0, carries: 1, length: 5, reverse: false },
    });
    const graph = fuse(writer.graph([writer.op("part", [scan], { ...parts[0]!, attributes: { index: 0 } }), whole]));
    expect(opsOf(graph.nodes.find(({ op }) => op === "scan")!.body!)).toEqual(["fused"]);
    expect(opsOf(graph)).toContain("add");
  });
});

/** A random graph: elementwise ops on shapes that broadcast, with reductions between them. */
function randomGraph(pick: (below: number) => number): Graph {
  const shapes: Shape[] = [[3, 2, 5], [2, 5], [3, 2, 1], [1, 1, 5], [], [3, 1, 1], [3, 2, 5]];
  const writer = new Writer();
  const floats = shapes.map((shape) => writer.leaf(shape));
  const bools = [writer.leaf([3, 2, 5], "bool"), writer.leaf([2, 5], "bool")];
  const any = (list: readonly number[]): number => list[pick(list.length)]!;
  const stretchy = (): number => (pick(3) === 0 ? writer.constant(pick(5) - 2) : any(floats));
  for (let i = 0; i < 25; i++) {
    const kind = pick(10);
    if (kind < 4)
      floats.push(writer.op(["add", "sub", "mul", "minimum", "maximum"][pick(5)]!, [any(floats), stretchy()]));
    else if (kind < 6)
      floats.push(
        writer.op(["tanh", "exp", "sigmoid", "erf", "abs", "neg"][pick(6)]!, [writer.op("tanh", [any(floats)])]),
      );
    else if (kind === 6)
      bools.push(
        writer.op(["less", "greaterEqual", "notEqual"][pick(3)]!, [any(floats), any(floats)], { dtype: "bool" }),
      );
    else if (kind === 7) bools.push(writer.op("xor", [any(bools), any(bools)], { dtype: "bool" }));
    else if (kind === 8) floats.push(writer.op("where", [any(bools), any(floats), stretchy()]));
    else {
      const x = any(floats);
      const { shape } = writer.nodes[x]!;
      const axis = pick(Math.max(shape.length, 1));
      if (shape.length > 0)
        floats.push(
          writer.op("sum", [x], { shape: shape.with(axis, 1), attributes: { axes: [axis], keepDims: true } }),
        );
    }
  }
  return writer.graph(
    [floats.at(-1)!, bools.at(-1)!, any(floats), any(floats)],
    [{ input: 0, value: writer.op("add", [writer.inputs[0]!, stretchy()]) }],
  );
}

test("200 random graphs give the same values whether joined or not", async () => {
  for (let seed = 0; seed < 200; seed++) {
    const draws = await numbers(seed, [200]);
    let drawn = 0;
    const graph = randomGraph((below) => Math.min(Math.floor(((draws[drawn++]! + 2) / 4) * below), below - 1));
    const values = await Promise.all(
      graph.inputs.map(async (index, i): Promise<TypedArray> => {
        const { shape, dtype } = graph.nodes[index]!;
        const data = await numbers(1_000 * seed + i, shape);
        return dtype === "bool" ? Uint8Array.from(data, (x) => Number(x > 0)) : data;
      }),
    );
    const [expected, found] = [graph, fuse(graph)].map((each) => interpret(each, device)(values)) as [
      ReturnType<ReturnType<typeof interpret<TypedArray>>>,
      ReturnType<ReturnType<typeof interpret<TypedArray>>>,
    ];
    for (const [i, value] of [...expected.outputs, ...expected.updates].entries()) {
      const other = [...found.outputs, ...found.updates][i]!;
      expect(other.constructor).toBe(value.constructor);
      const scale = Math.max(1, ...Array.from(value, Math.abs));
      for (const [place, x] of value.entries())
        expect(
          Math.abs(other[place]! - x),
          `seed ${seed}, result ${i}, place ${place}: ${other[place]!} instead of ${x}`,
        ).toBeLessThanOrEqual(2e-5 * scale);
    }
  }
});
