import type { Graph, GraphNode } from "@ansatz/core";
import { expect, test } from "vitest";
import { mergeTransposes } from "./merge-transposes.ts";

const node = (op: string, inputs: readonly number[], attributes: GraphNode["attributes"] = {}): GraphNode => ({ op, inputs, attributes, shape: [2, 2], dtype: "float32" });
const leaf = node("leaf", []);
const swap = (input: number) => node("transpose", [input], { permutation: [1, 0] });
const graph = (nodes: readonly GraphNode[], outputs: readonly number[]): Graph => ({ nodes, inputs: [0, 1], outputs, updates: [] });
const words = ({ nodes }: Graph) => nodes.map(({ op, inputs, attributes }) => `${op} ${inputs.join(" ")} ${attributes["transposeA"] === true ? "A" : ""}${attributes["transposeB"] === true ? "B" : ""}`.trim());

test("transposes of operands become flags, and go", () => {
  const merged = mergeTransposes(graph([leaf, leaf, swap(0), swap(1), node("matmul", [2, 3])], [4]));
  expect(words(merged)).toEqual(["leaf", "leaf", "matmul 0 1 AB"]);
  expect(merged.outputs).toEqual([2]);
});

test("a transpose that something else reads stays", () => {
  expect(words(mergeTransposes(graph([leaf, leaf, swap(0), node("matmul", [2, 1])], [2, 3])))).toEqual(["leaf", "leaf", "transpose 0", "matmul 0 1 A"]);
});

test("the transpose of a product is the product of the transposes, the other way round", () => {
  expect(words(mergeTransposes(graph([leaf, leaf, swap(0), node("matmul", [2, 1]), swap(3)], [4])))).toEqual(["leaf", "leaf", "matmul 1 0 A"]);
});

test("a product that is read as it is, too, stays beside its transpose", () => {
  expect(words(mergeTransposes(graph([leaf, leaf, node("matmul", [0, 1]), swap(2)], [2, 3])))).toEqual(["leaf", "leaf", "matmul 0 1", "transpose 2"]);
});

test("other permutations are left alone", () => {
  const three = node("transpose", [0], { permutation: [1, 0, 2] });
  expect(words(mergeTransposes(graph([leaf, leaf, three, node("matmul", [2, 1])], [3])))).toEqual(["leaf", "leaf", "transpose 0", "matmul 2 1"]);
});

test("bodies of scans, too", () => {
  const body = graph([leaf, leaf, swap(0), node("matmul", [2, 1])], [3]);
  const merged = mergeTransposes(graph([leaf, leaf, { ...node("scan", [0, 1]), body }], [2]));
  expect(words(merged.nodes[2]!.body!)).toEqual(["leaf", "leaf", "matmul 0 1 A"]);
});
