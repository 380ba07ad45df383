import type { Graph, GraphNode } from "@ansatz/core/plugin";
import { expect, test } from "vitest";
import { summarizeTrace, type TraceEvent } from "./kernel-times.ts";

const node = (op: string, body?: Graph): GraphNode => ({
  op,
  inputs: [],
  attributes: {},
  shape: [],
  dtype: "float32",
  ...(body && { body }),
});
const graphOf = (...nodes: GraphNode[]): Graph => ({ nodes, inputs: [], outputs: [], updates: [] });
const kernel = (name: string, op: string, ts: number, dur: number): TraceEvent => ({
  cat: "Node",
  name: `${name}_kernel_time`,
  ts,
  dur,
  args: {
    op_name: op,
    output_size: "24",
    mem_bytes_in_use: String(1_000 * dur),
    input_type_shape: [{ float: [2, 3] }, { int64: [2] }],
    output_type_shape: [{ float: [3, 2] }],
  },
});
const run = (ts: number, dur: number): TraceEvent => ({ cat: "Session", name: "model_run", ts, dur });

test("sums up all runs but the first, by node, and takes a body's time off its loop", () => {
  const tanh = node("tanh");
  const scan = node("scan", graphOf(node("leaf"), tanh));
  const graph = graphOf(node("leaf"), scan);
  const once = (ts: number): TraceEvent[] => [
    run(ts, 100),
    kernel("scan@1/v9", "Scan", ts + 10, 50),
    kernel("tanh@1.1/v7", "Tanh", ts + 15, 10),
    kernel("tanh@1.1/v7", "Tanh", ts + 30, 14),
    { cat: "Node", name: "tanh@1.1/v7_fence_before", ts: ts + 14, dur: 1 },
  ];
  const profile = summarizeTrace(
    graph,
    [
      run(0, 7_000),
      kernel("tanh@1.1/v7", "Tanh", 10, 6_000),
      ...once(10_000),
      ...once(20_000),
      kernel("tanh@1.1/v7", "Tanh", 30_000, 900), // of a run that was cut off
    ],
    [9, 1, 3],
  );
  expect(profile).toMatchObject({ runs: 2, engineMilliseconds: 0.2, updateMilliseconds: 4 });
  const shapes = "[2,3] [2] → [3,2]";
  expect(profile.kernels).toEqual([
    { kernel: "Scan", node: scan, shapes, count: 2, milliseconds: expect.closeTo(0.052), bytes: 48, liveBytes: 50_000 },
    { kernel: "Tanh", node: tanh, shapes, count: 4, milliseconds: expect.closeTo(0.048), bytes: 96, liveBytes: 14_000 },
  ]);
});

test("a kernel that the engine inserted has no node, and a single run counts", () => {
  const profile = summarizeTrace(
    graphOf(node("leaf")),
    [run(0, 8), kernel("Transpose token 3", "Transpose", 1, 5)],
    [],
  );
  expect(profile.runs).toBe(1);
  expect(profile.kernels).toHaveLength(1);
  expect(profile.kernels[0]).not.toHaveProperty("node");
});
