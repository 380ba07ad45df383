import { cpu } from "@ansatz/backend-cpu";
import {
  add,
  DTypeError,
  expandDims,
  eye,
  grad,
  integers,
  matmul,
  mul,
  ShapeError,
  square,
  tensor,
  transpose,
  use,
  zeros,
  type Tensor,
} from "@ansatz/core";
import { checkGradient, expectClose } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { eigh, qr } from "./index.ts";
import { drawn, given, onEveryBackend, point, recorded, weightedSum } from "./testing.ts";

const cases = Object.entries(recorded["eigh"]!);

/** A V = V diag(w), and Vᵀ V = I. */
async function expectDecomposed(a: Tensor, tolerance = 1e-5): Promise<Float64Array> {
  const { eigenvalues, eigenvectors } = eigh(a);
  await expectClose(matmul(a, eigenvectors), mul(eigenvectors, expandDims(eigenvalues, -2)), tolerance);
  await expectClose(
    matmul(transpose(eigenvectors), eigenvectors),
    eye(a.shape.at(-1)!, { dtype: a.dtype }),
    5 * tolerance,
  );
  const found = Float64Array.from(await eigenvalues.data());
  expect([...found]).toEqual([...found].toSorted((p, q) => p - q));
  return found;
}

/** A symmetric matrix with given eigenvalues and the eigenvectors of a drawn one. */
function withEigenvalues(values: readonly number[]): Tensor {
  const { q } = qr(drawn([values.length, values.length]));
  return matmul(mul(q, tensor([...values])), transpose(q));
}

await onEveryBackend((create) => {
  beforeAll(async () => use(await create()));

  test.each(cases)("%s: eigenvalues are PyTorch's, and eigenvectors up to signs", async (_name, saved) => {
    const { eigenvalues, eigenvectors } = eigh(given(saved["a"]!));
    await expectClose(eigenvalues, given(saved["eigenvalues"]!));
    await expectClose(square(eigenvectors), given(saved["squares"]!));
  });

  test.each([
    ["zeros", (): Tensor => zeros([3, 3])],
    ["a diagonal matrix", (): Tensor => mul(eye(4), tensor([3, -1, 2, 0]))],
    [
      "half of the eigenvalues 1, half 2",
      (): Tensor => withEigenvalues(Array.from({ length: 30 }, (_, i) => 1 + (i % 2))),
    ],
    [
      "eigenvalues from 1 to 1e-8",
      (): Tensor => withEigenvalues(Array.from({ length: 21 }, (_, i) => 10 ** (-0.4 * i))),
    ],
    ["rank 2 of 24", (): Tensor => matmul(drawn([24, 2]), transpose(drawn([24, 2])))],
  ])("of %s", async (_name, make) => {
    await expectDecomposed(make());
  });
});

describe("in float64", () => {
  beforeAll(() => use(cpu()));

  test.each(cases)("%s: values and the gradient are PyTorch's", async (_name, saved) => {
    const a = given(saved["a"]!, "float64");
    const { eigenvalues, eigenvectors } = eigh(a);
    const squares = square(eigenvectors);
    const gradient = grad(weightedSum([eigenvalues, squares]), a);
    await expectClose(eigenvalues, given(saved["eigenvalues"]!, "float64"), 1e-13);
    await expectClose(squares, given(saved["squares"]!, "float64"), 1e-13);
    await expectClose(gradient, given(saved["gradient"]!, "float64"), 1e-9);
  });

  test("of 40 rows is exact to rounding", async () => {
    const a = drawn([40, 40]).cast("float64");
    const values = await expectDecomposed(add(a, transpose(a)), 1e-12);
    expect(values[0]!).toBeLessThan(-10);
  });

  test.each([[[3, 3]], [[4, 4]], [[2, 3, 3]]])("the gradient of %s, and its own", async (shape) => {
    const signless = (a: Tensor): Tensor[] => {
      const { eigenvalues, eigenvectors } = eigh(a);
      return [eigenvalues, square(eigenvectors)];
    };
    await checkGradient(signless, [await point(shape)], { order: 2, tolerance: 1e-5, elements: 9 });
  });
});

test("only the symmetric part counts", async () => {
  await use(cpu());
  await expectClose(
    eigh(
      tensor([
        [2, 3],
        [-1, 2],
      ]),
    ).eigenvalues,
    tensor([1, 3]),
  );
});

test("what isn't a square matrix of floats is refused", () => {
  expect(() => eigh(zeros([2, 3]))).toThrow(new ShapeError("eigh: [2,3] isn't square  (... n n)"));
  expect(() => eigh(integers([[1]]))).toThrow(DTypeError);
});
