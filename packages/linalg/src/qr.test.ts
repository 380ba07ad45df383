import { cpu } from "@ansatz/backend-cpu";
import {
  cast,
  compile,
  DTypeError,
  eye,
  grad,
  integers,
  matmul,
  memory,
  mul,
  ShapeError,
  tensor,
  transpose,
  use,
  zeros,
  type Tensor,
} from "@ansatz/core";
import { checkGradient, expectClose } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { qr } from "./index.ts";
import { drawn, given, onEveryBackend, point, recorded, weightedSum } from "./testing.ts";

const cases = Object.entries(recorded["qr"]!);

/** Qᵀ Q = I, whatever was decomposed. */
async function expectOrthonormal(q: Tensor): Promise<void> {
  await expectClose(matmul(transpose(q), q), mul(eye(q.shape.at(-1)!), 1));
}

await onEveryBackend((create) => {
  beforeAll(async () => use(await create()));

  test.each(cases)("%s: Q and R are PyTorch's, signs included", async (_name, { a, q, r }) => {
    const found = qr(given(a!));
    await expectClose(found.q, given(q!));
    await expectClose(found.r, given(r!));
  });

  test("of 60 columns is orthonormal and gives the matrix back", async () => {
    const a = drawn([64, 60]);
    const { q, r } = qr(a);
    await expectOrthonormal(q);
    await expectClose(matmul(q, r), a);
  });

  test.each([
    ["zeros", (): Tensor => zeros([4, 4])],
    ["equal columns", (): Tensor => matmul(drawn([6, 1]), tensor([[1, 1, 1, 1]]))],
    ["columns from 1e-12 to 1e12", (): Tensor => mul(drawn([5, 3]), tensor([1e-12, 1, 1e12]))],
    ["tiny numbers", (): Tensor => mul(drawn([5, 4]), 1e-30)],
    ["huge numbers", (): Tensor => mul(drawn([5, 4]), 1e30)],
  ])("Q is orthonormal for %s", async (_name, make) => {
    const a = make();
    const { q, r } = qr(a);
    await expectOrthonormal(q);
    const scale = Math.max(1e-35, ...Array.from(await a.data(), Math.abs));
    await expectClose(mul(matmul(q, r), 1 / scale), mul(a, 1 / scale));
  });

  test("is compiled once, however often it runs", async () => {
    const both = compile((a: Tensor) => Object.values(qr(a)) as Tensor[]);
    await both(drawn([8, 8]));
    const { compilations } = memory();
    for (let i = 2; i < 5; i++) await both(drawn([8, 8], i));
    expect(memory().compilations).toBe(compilations);
  });
});

describe("in float64", () => {
  beforeAll(() => use(cpu()));

  test.each(cases)("%s: values and the gradient are PyTorch's", async (_name, saved) => {
    const a = given(saved["a"]!, "float64");
    const { q, r } = qr(a);
    const gradient = grad(weightedSum([q, r]), a);
    await expectClose(q, given(saved["q"]!, "float64"), 1e-13);
    await expectClose(r, given(saved["r"]!, "float64"), 1e-13);
    await expectClose(gradient, given(saved["gradient"]!, "float64"), 1e-11);
  });

  test.each([[[4, 4]], [[5, 3]], [[2, 4, 3]], [[3, 5]]])("the gradient of %s, and its own", async (shape) => {
    await checkGradient((a) => Object.values(qr(a)) as Tensor[], [await point(shape)], { order: 2, tolerance: 1e-5 });
  });
});

test("what isn't a matrix of floats is refused", () => {
  expect(() => qr(tensor([1, 2]))).toThrow(new ShapeError(qrMessage("[2] isn't a matrix")));
  expect(() => qr(zeros([0, 3]))).toThrow(new ShapeError(qrMessage("[0,3] has no elements")));
  expect(() => qr(cast(integers([[1, 2]]), "int32"))).toThrow(DTypeError);
});

const qrMessage = (problem: string): string =>
  `qr: ${problem}\n  give a matrix [rows, columns], or a stack of them [..., rows, columns]`;
