import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import {
  ArgumentError,
  compile,
  grad,
  key,
  normal,
  Optimizer,
  parameter,
  square,
  sub,
  sum,
  tensor,
  use,
} from "@ansatz/core";
import { expectEndurance, followPath, testUpdateRule } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { ademamix, alphaWarmup, beta3Warmup } from "./index.ts";
import { onEveryBackend, paths, recorded } from "./testing.ts";

const settings = {
  plain: {},
  recipe: { beta1: 0.8, beta2: 0.95, beta3: 0.99, alpha: 8, epsilon: 1e-5, weightDecay: 0.1 },
  warmup: { beta2: 0.99, beta3: beta3Warmup(0.999, 25), alpha: alphaWarmup(8, 25) },
};

await onEveryBackend((create) => {
  testUpdateRule(ademamix, create);

  describe("40 steps are those of PyTorch", () => {
    beforeAll(async () => use(await create()));
    test.each(paths)("%s", async (path) => {
      const setting = settings[path.split("/")[0] as keyof typeof settings];
      await followPath(recorded, path, (own) => new Optimizer([own], ademamix, { learningRate: 0.05, ...setting }), {
        tolerance: 1e-5,
      });
    });
  });
});

describe("in float64", () => {
  beforeAll(() => use(cpu()));
  test.each(paths)("%s", async (path) => {
    const setting = settings[path.split("/")[0] as keyof typeof settings];
    await followPath(recorded, path, (own) => new Optimizer([own], ademamix, { learningRate: 0.05, ...setting }), {
      tolerance: 1e-13,
      dtype: "float64",
    });
  });
});

test("10,000 steps compile nothing again and keep no memory", async () => {
  await use(await onnx());
  const own = parameter(normal(key(1), [8, 4]));
  const optimizer = new Optimizer([own], ademamix, {
    learningRate: 1e-3,
    alpha: alphaWarmup(5, 5_000),
    beta3: beta3Warmup(0.9999, 5_000),
  });
  const step = compile(() => {
    const loss = sum(square(sub(own, tensor([1, 2, 3, 4]))));
    optimizer.update(grad(loss, [own]));
    return loss;
  });
  await expectEndurance(async () => (await step()).item());
});

describe("the warm-ups", () => {
  test("alpha grows along a straight line, and then stays", () => {
    const alpha = alphaWarmup(8, 4);
    expect([0, 1, 2, 3, 4, 1000].map(alpha)).toEqual([2, 4, 6, 8, 8, 8]);
  });

  test("the half-life of beta3 grows along a straight line, and then stays", () => {
    const halfLife = (beta: number): number => Math.log(0.5) / Math.log(beta);
    const schedule = beta3Warmup(0.9999, 10, { start: 0.5 });
    const [first, last] = [1, halfLife(0.9999)];
    for (let step = 0; step < 10; step++)
      expect(halfLife(schedule(step))).toBeCloseTo(first + ((last - first) * (step + 1)) / 10, 6);
    expect(schedule(10)).toBe(0.9999);
    expect(beta3Warmup(0.9, 2, { start: 0 })(0)).toBeCloseTo(0.5 ** (1 / (halfLife(0.9) / 2)), 12);
  });

  test.each([
    [() => alphaWarmup(-1, 10), /alpha is -1/],
    [() => alphaWarmup(1, 0), /T is 0/],
    [() => beta3Warmup(1, 10), /from 0.9 to 1/],
    [() => beta3Warmup(0.8, 10), /from 0.9 to 0.8/],
    [() => beta3Warmup(0.99, 1.5), /T is 1.5/],
  ])("refuse what makes no sense: %s", (make, message) => {
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(message);
  });
});
