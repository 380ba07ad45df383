import { cpu } from "@ansatz/backend-cpu";
import { grad, integers, ShapeError, DTypeError, tensor, use, zeros } from "@ansatz/core";
import { checkGradient, expectClose } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { solveTriangular } from "./index.ts";
import { given, onEveryBackend, recorded, weightedSum } from "./testing.ts";

const cases = Object.entries(recorded["solve"]!);
const lower = (name: string): boolean => name.endsWith("lower");

await onEveryBackend((create) => {
  beforeAll(async () => use(await create()));

  test.each(cases)("%s: the solution is PyTorch's; the other triangle is not read", async (name, { a, b, x }) => {
    await expectClose(solveTriangular(given(a!), given(b!), { lower: lower(name) }), given(x!));
  });
});

describe("in float64", () => {
  beforeAll(() => use(cpu()));

  test.each(cases)("%s: the gradients are PyTorch's", async (name, saved) => {
    const [a, b] = [given(saved["a"]!, "float64"), given(saved["b"]!, "float64")];
    const { gA, gB } = grad(weightedSum([solveTriangular(a, b, { lower: lower(name) })]), {
      gA: a,
      gB: b,
    });
    await expectClose(gA, given(saved["gradientA"]!, "float64"), 1e-12);
    await expectClose(gB, given(saved["gradientB"]!, "float64"), 1e-12);
  });

  test("the gradients of the gradients are those of finite differences", async () => {
    const points = [
      { shape: [2, 2], data: [2, 1, 0.5, -3] },
      { shape: [2, 2], data: [1, 2, 3, -1] },
    ];
    for (const lower of [false, true])
      await checkGradient((a, b) => solveTriangular(a, b, { lower }), points, { order: 2 });
  });
});

test("what does not fit is refused", () => {
  expect(() => solveTriangular(zeros([2, 3]), zeros([2, 1]))).toThrow(
    new ShapeError("solveTriangular: [2,3] isn't square  (... n n)"),
  );
  expect(() => solveTriangular(zeros([2, 2]), zeros([3, 1]))).toThrow(
    new ShapeError("solveTriangular: the shapes do not fit\n  A: [2,2]  (... n n)\n  B: [3,1]  (... n columns)"),
  );
  expect(() => solveTriangular(integers([[1]]), tensor([[1]]))).toThrow(DTypeError);
});
