import type { Graph, GraphNode } from "@ansatz/core/plugin";
import { expect, test } from "vitest";
import { foldTransposes } from "./fold-transposes.ts";

const node = (op: string, inputs: readonly number[], attributes: GraphNode["attributes"] = {}): GraphNode => ({
  op,
  inputs,
  attributes,
  shape: [2, 2],
  dtype: "float32",
});
const leaf = node("leaf", []);
const swap = (input: number) => node("transpose", [input], { permutation: [1, 0] });
const graph = (nodes: readonly GraphNode[], outputs: readonly number[]): Graph => ({
  nodes,
  inputs: [0, 1],
  outputs,
  updates: [],
});
const fold = (given: Graph) => foldTransposes(given, ({ dtype }) => dtype === "float32");
const words = ({ nodes }: Graph) =>
  nodes.map(({ op, inputs, attributes }) =>
    [
      op,
      ...inputs,
      (attributes["transposeLeft"] === true ? "l" : "") + (attributes["transposeRight"] === true ? "r" : ""),
    ]
      .join(" ")
      .trim(),
  );

test("transposes of operands become flags and are removed", () => {
  const merged = fold(graph([leaf, leaf, swap(0), swap(1), node("matmul", [2, 3])], [4]));
  expect(words(merged)).toEqual(["leaf", "leaf", "matmul 0 1 lr"]);
  expect(merged.outputs).toEqual([2]);
});

test("a transpose that another node reads stays", () => {
  expect(words(fold(graph([leaf, leaf, swap(0), node("matmul", [2, 1])], [2, 3])))).toEqual([
    "leaf",
    "leaf",
    "transpose 0",
    "matmul 0 1 l",
  ]);
});

test("the transpose of a product is the product of the transposes in reverse order", () => {
  expect(words(fold(graph([leaf, leaf, swap(0), node("matmul", [2, 1]), swap(3)], [4])))).toEqual([
    "leaf",
    "leaf",
    "matmul 1 0 l",
  ]);
});

test("a product that is also read without its transpose keeps both", () => {
  expect(words(fold(graph([leaf, leaf, node("matmul", [0, 1]), swap(2)], [2, 3])))).toEqual([
    "leaf",
    "leaf",
    "matmul 0 1",
    "transpose 2",
  ]);
});

test("other permutations stay", () => {
  const three = node("transpose", [0], { permutation: [1, 0, 2] });
  expect(words(fold(graph([leaf, leaf, three, node("matmul", [2, 1])], [3])))).toEqual([
    "leaf",
    "leaf",
    "transpose 0",
    "matmul 2 1",
  ]);
});

test("products that the backend does not take stay", () => {
  const whole = graph([leaf, leaf, swap(0), { ...node("matmul", [2, 1]), dtype: "int32" as const }, swap(3)], [4]);
  expect(fold(whole)).toEqual(whole);
});

test("the bodies of scans are rewritten too", () => {
  const body = graph([leaf, leaf, swap(0), node("matmul", [2, 1])], [3]);
  const merged = fold(graph([leaf, leaf, { ...node("scan", [0, 1]), body }], [2]));
  expect(words(merged.nodes[2]!.body!)).toEqual(["leaf", "leaf", "matmul 0 1 l"]);
});
