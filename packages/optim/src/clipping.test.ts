import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, GradientError, grad, mul, Optimizer, parameter, realize, sum, tensor, use } from "@ansatz/core";
import { beforeAll, describe, expect, test } from "vitest";
import { expectClose, given, recorded } from "./golden.ts";
import { clipAdaptively, clipByGlobalNorm, clipByNorm, clipByValue, globalNorm, sgd } from "./index.ts";

beforeAll(() => use(cpu()));

/** Two parameters with the gradients [3, 0] and [0, 4]: together 5 long. */
function gradients() {
  const own = { a: parameter(tensor([0, 0])), b: parameter(tensor([0, 0])) };
  const loss = sum(mul(own.a, tensor([3, 0]))).add(sum(mul(own.b, tensor([0, 4]))));
  return { own, gradients: grad(loss, own) };
}

describe("as PyTorch's:", async () => {
  const golden = await recorded("clipping");
  const places = [0, 1, 2];
  const weights = places.map((i) => parameter(given(golden[`weight/${i}`]!)));
  const slopes = () =>
    grad(
      places.map((i) => sum(mul(weights[i]!, given(golden[`gradient/${i}`]!)))).reduce((a, b) => a.add(b)),
      weights,
    );

  test.each([
    ["value", () => clipByValue(slopes(), 0.5)],
    ["norm", () => clipByNorm(slopes(), 0.5)],
    ["global", () => clipByGlobalNorm(slopes(), 0.5)],
    ["adaptive", () => clipAdaptively(slopes(), 0.1)],
  ] as const)("%s", async (name, clip) => {
    for (const [i, clipped] of clip().entries()) {
      await expectClose(clipped, given(golden[`${name}/${i}`]!), `gradient ${i}`);
      expect(clipped.node.gradientOf).toBe(weights[i]);
    }
  });

  test("the global norm", async () => expectClose(globalNorm(slopes()), given(golden["norm"]!), "norm"));
});

test("the norm is that of all gradients together", async () => {
  expect(await globalNorm(gradients().gradients).item()).toBe(5);
});

test("a long gradient is scaled to the limit, and keeps its direction and its structure", async () => {
  const clipped = clipByGlobalNorm(gradients().gradients, 1);
  expect(await globalNorm(clipped).item()).toBeCloseTo(1, 5);
  expect((await clipped.a.data())[0]).toBeCloseTo(0.6, 5);
  expect((await clipped.b.data())[1]).toBeCloseTo(0.8, 5);
});

test("a short gradient stays the same, bit for bit", async () => {
  for (const clip of [clipByGlobalNorm, clipByNorm, clipByValue]) {
    const clipped = clip(gradients().gradients, 10);
    expect([...(await clipped.a.data()), ...(await clipped.b.data())]).toEqual([3, 0, 0, 4]);
  }
});

test("a gradient of zeros is not divided by zero", async () => {
  const own = parameter(tensor([1]));
  for (const clip of [clipByGlobalNorm, clipByNorm, clipByValue, clipAdaptively])
    expect([...(await clip(grad(sum(mul(own, 0)), [own]), 1)[0]!.data())]).toEqual([0]);
});

test("an optimizer takes clipped gradients as those of its parameters", async () => {
  const { own, gradients: slopes } = gradients();
  new Optimizer(Object.values(own), sgd, { learningRate: 1 }).update(clipByGlobalNorm(slopes, 1));
  await realize();
  expect((await own.a.data())[0]).toBeCloseTo(-0.6, 5);
});

test.each([0, -1, NaN])("a limit of %d is refused", (limit) => {
  for (const clip of [clipByGlobalNorm, clipByNorm, clipByValue, clipAdaptively])
    expect(() => clip([tensor([1])], limit)).toThrow(ArgumentError);
});

test("without gradients there is no norm, and adaptive clipping needs gradients of parameters", () => {
  expect(() => globalNorm([])).toThrow(ArgumentError);
  expect(() => clipAdaptively([tensor([1])])).toThrow(GradientError);
});
