import { expect, test } from "vitest";
import { relu, softmax, sum, type Tensor } from "../index.ts";
import { originOf, traceGraph } from "../plugin.ts";

const withoutSoftmax = { name: "without softmax", supports: (op: string) => op !== "softmax" };

test("a node has the number of its tensor; what a composite is expanded into has the composite's", () => {
  const made: Tensor[] = [];
  const { graph } = traceGraph(
    (x) => {
      const rectified = relu(x!);
      const shares = softmax(rectified);
      made.push(rectified, shares);
      return sum(shares, 0);
    },
    [{ shape: [2, 3], dtype: "float32" }],
    withoutSoftmax,
  );
  const [rectified, shares] = made.map(({ node }) => node.id);
  const origins = (op: string) => graph.nodes.filter((node) => node.op === op).map(originOf);
  expect(origins("relu")).toEqual([rectified]);
  expect(origins("exp")).toEqual([shares]);
  expect(origins("div")).toEqual([shares]);
});
