import { fromBinary } from "@bufbuild/protobuf";
import {
  add,
  gather,
  gelu,
  grad,
  integers,
  key,
  matmul,
  mul,
  normal,
  ones,
  raggedContraction,
  raggedMatmul,
  realize,
  stack,
  sum,
  transpose,
  use,
  zeros,
  type Tensor,
} from "@ansatz/core";
import { traceGraph } from "@ansatz/core/plugin";
import { expectClose } from "@ansatz/testkit";
import { ModelProtoSchema } from "onnx-buf";
import { expect, test } from "vitest";
import { onnx } from "../index.ts";
import { buildModel } from "../model/onnx-model.ts";

const backend = await onnx({ threads: 2 });
await use(backend);

const [rows, inner, columns] = [7, 3, 4];
const types = [
  [rows, inner],
  [inner, columns],
  [inner, columns],
  [inner, columns],
].map((shape) => ({
  shape,
  dtype: "float32" as const,
}));
const sizes = integers([2, 0, 4]); // the last row is of no group

/** How often each operator occurs in the model of a function of x and three matrices. */
function operators(fn: (x: Tensor, ...matrices: Tensor[]) => Tensor | Tensor[]): Map<string, number> {
  const { graph } = traceGraph(fn as never, types, backend);
  const { node } = fromBinary(ModelProtoSchema, buildModel(graph, graph.outputs).bytes).graph!;
  const counts = new Map<string, number>();
  for (const { opType } of node) counts.set(opType, (counts.get(opType) ?? 0) + 1);
  return counts;
}

const product = (x: Tensor, ...matrices: Tensor[]) => raggedMatmul(x, stack(matrices), sizes);

test("matrices that were stacked are not copied, forwards and backwards", () => {
  const forward = operators(product);
  expect(forward.get("Gather")).toBeUndefined();
  expect([forward.get("Gemm"), forward.get("Concat")]).toEqual([3, 3]); // of sizes, of a shape, of the products
  const gradients = operators((x, ...matrices) => grad(sum(product(x, ...matrices)), [x, ...matrices]));
  expect(gradients.get("Gather")).toBeUndefined();
  expect(gradients.get("Gemm")).toBe(6);
  expect(gradients.get("Slice")).toBeUndefined(); // each gradient is a product of its own
});

test("one parameter with all matrices is split into them", () => {
  const { graph } = traceGraph(
    (x: Tensor, all: Tensor) => grad(sum(raggedMatmul(x, all, sizes)), [x, all]),
    [types[0]!, { shape: [3, inner, columns], dtype: "float32" }],
    backend,
  );
  const { node } = fromBinary(ModelProtoSchema, buildModel(graph, graph.outputs).bytes).graph!;
  const results = node.filter(({ opType }) => opType === "Split").map(({ output }) => output.length);
  expect(results.toSorted()).toEqual([3, 4, 4]); // of the matrices; of x and of the result's gradient, with the rest
});

test("gathered rows are gathered part by part", async () => {
  const order = integers([6, 1, 4, 0, 2, 2, 5]);
  const sorted = (x: Tensor, ...matrices: Tensor[]) => product(gather(x, order), ...matrices);
  const counts = operators(sorted);
  expect([counts.get("Split"), counts.get("Gather")]).toEqual([1, 4]);
  const x = normal(key(1), [rows, inner]);
  const matrices = [3, 4, 5].map((seed) => normal(key(seed), [inner, columns]));
  await expectClose(sorted(x, ...matrices), product(await realized(gather(x, order)), ...matrices), 1e-6);
  const columnsOf = (y: Tensor) => gather(y, integers([2, 0, 1]), 1); // no rows
  expect(operators((y, ...all) => product(columnsOf(y), ...all)).get("Gather")).toBe(1);
  await expectClose(product(columnsOf(x), ...matrices), product(await realized(columnsOf(x)), ...matrices), 1e-6);
  await expect(product(gather(x, integers([0, 1, 2, -1, 4, 5, 6])), ...matrices).data()).rejects.toThrow(/gather/);
});

test("the column of a contraction is multiplied as a row", async () => {
  const [a, b] = [normal(key(1), [rows, 1]), normal(key(2), [rows, columns])];
  const { graph } = traceGraph(
    (one: Tensor, other: Tensor) => raggedContraction(one, other, sizes),
    [a, b].map(({ shape, dtype }) => ({ shape, dtype })),
    backend,
  );
  const { node } = fromBinary(ModelProtoSchema, buildModel(graph, graph.outputs).bytes).graph!;
  const products = node.filter(({ opType }) => opType === "Gemm");
  expect(products.map(({ attribute }) => attribute.find(({ name }) => name === "transA")?.i)).toEqual([0n, 0n, 0n]);
  const of = (first: number, end: number) => matmul(transpose(a.slice([[first, end]])), b.slice([[first, end]]));
  await expectClose(raggedContraction(a, b, sizes), stack([of(0, 2), zeros([1, columns]), of(2, 6)]), 1e-6);
});

test("results and gradients are the same either way", async () => {
  const [x, c] = [normal(key(1), [rows, inner]), normal(key(2), [rows, columns])];
  const matrices = [3, 4, 5].map((seed) => normal(key(seed), [inner, columns]));
  const whole = stack(matrices).add(0); // no longer a stack
  const [apart, joined] = [stack(matrices), whole].map((all) => raggedMatmul(x, all, sizes));
  const slopes = grad(sum(mul(apart!, c)), [x, ...matrices]);
  const [ofX, ofAll] = grad(sum(mul(joined!, c)), [x, whole]);
  await expectClose(apart!, joined!, 1e-6);
  await expectClose(slopes[0]!, ofX!, 1e-6);
  await expectClose(stack(slopes.slice(1)), ofAll!, 1e-6);
  await expectClose(stack(slopes.slice(1)), raggedContraction(x, c, sizes), 1e-6);
  // Other parts of a contraction are slices of it.
  const contraction = raggedContraction(x, c, sizes);
  await expectClose(
    contraction.slice([[1, 3]]).reshape([2, 12]),
    (ofAll as Tensor).slice([[1, 3]]).reshape([2, 12]),
    1e-6,
  );
  await expectClose(
    contraction.slice([[2, 3]]).reshape([4, 3]),
    (ofAll as Tensor).slice([[2, 3]]).reshape([4, 3]),
    1e-6,
  );
});

test("a row for each group becomes the bias of its product", async () => {
  const [x, c] = [normal(key(1), [rows, inner]), normal(key(2), [rows, columns])];
  const matrices = [3, 4, 5].map((seed) => normal(key(seed), [inner, columns]));
  const biases = [6, 7, 8].map((seed) => normal(key(seed), [1, columns]));
  const added = (...all: Tensor[]) => raggedMatmul(ones([rows, 1]), stack(all), sizes);
  const biased = (of: Tensor[]) => add(product(x, ...matrices), added(...of));
  const counts = operators((y, ...all) => add(product(y, ...all), added(...all.map((one) => one.slice([[0, 1]])))));
  expect([counts.get("Gemm"), counts.get("Add")]).toEqual([3, undefined]);
  const slopes = grad(sum(mul(biased(biases), c)), [...matrices, ...biases]);
  const apart = product(x, ...matrices);
  const alone = added(...biases);
  const wanted = [...grad(sum(mul(apart, c)), matrices), ...grad(sum(mul(alone, c)), biases)];
  await expectClose(biased(biases), add(await realized(apart), await realized(alone)), 1e-6);
  for (const [i, slope] of slopes.entries()) await expectClose(slope, wanted[i]!, 1e-6);
});

test("between products of the same groups rows stay in their parts, which are computed one by one", async () => {
  const [x, c] = [normal(key(1), [rows, inner]), normal(key(2), [rows, inner])];
  const matrices = [3, 4, 5].map((seed) => normal(key(seed), [inner, columns]));
  const activated = (...all: Tensor[]) => mul(gelu(product(all[0]!, ...all.slice(1))), 2);
  const again = integers([2, 0, 4]); // the same lengths, which only their values tell
  const second = (own: Tensor, all: Tensor[]) => raggedMatmul(activated(...all), transpose(stack(all.slice(1))), own);
  const twice = (...all: Tensor[]) => second(sizes, all);
  const counts = operators(twice);
  expect([counts.get("Split"), counts.get("Gelu")]).toEqual([1, 4]); // of x; of three groups and of the rows of none
  const gradients = operators((...all) => grad(sum(twice(...all)), all));
  expect(gradients.get("Split")).toBe(2); // of x and of the result's gradient
  expect(operators((...all) => activated(...all).add(all[0]!.slice([null, [0, 1]]))).get("Gelu")).toBe(4);

  const [found, wanted] = [sizes, again].map((own) => {
    const y = second(own, [x, ...matrices]);
    return [y, ...grad(sum(mul(y, c)), [x, ...matrices])];
  });
  for (const [i, value] of found!.entries()) await expectClose(value, wanted![i]!, 1e-6);
});

/** A tensor that has been computed, so that nothing can be joined with how. */
async function realized(x: Tensor): Promise<Tensor> {
  await realize(x);
  return x;
}
