import { cpu } from "@ansatz/backend-cpu";
import { key, matmul, normal, realize, transpose, use, type Tensor } from "@ansatz/core";
import { traceGraph, type Backend } from "@ansatz/core/plugin";
import { foldTransposes } from "@ansatz/tfjs";
import { describe, expect, test } from "vitest";
import { wasm } from "./index.ts";
import { isPlainProduct } from "./matmul.ts";

const [plain, backend] = [await cpu(), await wasm()];
const flip = (x: Tensor): Tensor => transpose(x, [1, 0]);

/** With these sizes the kernel swaps the factors of some products and not of others. */
const sizes = [
  [3, 5, 4],
  [2, 7, 33],
  [33, 7, 2],
  [64, 10, 16],
  [16, 64, 10],
] as const;
const cases = sizes.flatMap(([m, k, n]) =>
  Array.from({ length: 8 }, (_, bits) => ({
    m,
    k,
    n,
    left: (bits & 1) > 0,
    right: (bits & 2) > 0,
    result: (bits & 4) > 0,
  })),
);
type Case = (typeof cases)[number];

function product(a: Tensor, b: Tensor, { left, right, result }: Case): Tensor {
  const c = matmul(left ? flip(a) : a, right ? flip(b) : b);
  return result ? flip(c) : c;
}

const operands = ({ m, k, n, left, right }: Case) => [left ? [k, m] : [m, k], right ? [n, k] : [k, n]] as const;

async function valuesOn(where: Backend, which: Case): Promise<Float32Array> {
  await use(where);
  const [a, b] = operands(which).map((shape, i) => normal(key(i), shape)) as [Tensor, Tensor];
  await realize(a, b);
  return product(a, b, which).data("float32");
}

describe("products of matrices that are given, or wanted, the other way round", () => {
  test.each(cases)("$m × $k × $n, left $left, right $right, result $result", async (which) => {
    const [expected, found] = [await valuesOn(plain, which), await valuesOn(backend, which)];
    for (const [i, value] of found.entries()) expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4);
  });

  test.each(cases.slice(0, 8))(
    "leave no transposition to be read: left $left, right $right, result $result",
    (which) => {
      const { graph } = traceGraph(
        (a, b) => product(a!, b!, which),
        operands(which).map((shape) => ({ shape, dtype: "float32" })),
        plain,
      );
      const folded = foldTransposes(graph, isPlainProduct);
      const read = new Set([...folded.outputs, ...folded.outputs.flatMap((index) => folded.nodes[index]!.inputs)]);
      expect([...read].map((index) => folded.nodes[index]!.op).toSorted()).toEqual(["leaf", "leaf", "matmul"]);
    },
  );
});

test("a product that is also read without its transpose keeps both", () => {
  const both = (a: Tensor, b: Tensor) => {
    const c = matmul(a, b);
    return [c, flip(c)];
  };
  const { graph } = traceGraph(
    (a, b) => both(a!, b!),
    [
      { shape: [2, 3], dtype: "float32" },
      { shape: [3, 4], dtype: "float32" },
    ],
    plain,
  );
  expect(
    foldTransposes(graph, isPlainProduct)
      .nodes.map(({ op }) => op)
      .toSorted(),
  ).toEqual(["leaf", "leaf", "matmul", "transpose"]);
});
