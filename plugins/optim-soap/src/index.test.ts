import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import {
  ArgumentError,
  compile,
  eye,
  grad,
  GradientError,
  key,
  matmul,
  mean,
  mul,
  normal,
  Optimizer,
  parameter,
  realize,
  square,
  sub,
  sum,
  tensor,
  transpose,
  use,
  zeros,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import { qr } from "@ansatz/linalg";
import { expectClose, expectEndurance, followPath, testUpdateRule } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { initializeBasis, soap, soapWith } from "./index.ts";
import { onEveryBackend, paths, recorded } from "./testing.ts";

interface Case {
  readonly make: (own: Parameter) => Optimizer;
  /** How many updates there are from one power iteration to the next. */
  readonly every: number;
}

const cases: Readonly<Record<string, Case>> = {
  plain: { make: (own) => new Optimizer([own], soap, { learningRate: 0.05, weightDecay: 0 }), every: 10 },
  recipe: {
    make: (own) =>
      new Optimizer([own], soap, {
        learningRate: 0.05,
        beta1: 0.9,
        beta2: 0.99,
        shampooBeta: 0.8,
        epsilon: 1e-5,
        weightDecay: 0.1,
      }),
    every: 3,
  },
  short: {
    make: (own) => new Optimizer([own], soapWith({ longest: 3 }), { learningRate: 0.05, weightDecay: 0.1 }),
    every: 5,
  },
};

/** Follows the recorded path: the first gradient gives the basis, and the others are updates. */
function follow(path: string, dtype: "float32" | "float64", tolerance: number): Promise<void> {
  const { make, every } = cases[path.split("/")[0]!]!;
  return followPath(recorded, path, make, {
    dtype,
    tolerance,
    step(optimizer, gradients, number) {
      if (number === 1) {
        if (hasBasis(path)) initializeBasis(optimizer, gradients);
        return;
      }
      optimizer.update(gradients);
      if ((number - 1) % every === 0) optimizer.observe(gradients);
    },
  });
}

/** Whether any axis is rotated: not those of vectors, nor those that are too long. */
const hasBasis = (path: string): boolean => !path.endsWith("vector") && path !== "short/square";

await onEveryBackend((create) => {
  // Directions without gradients are an arbitrary part of the basis, in which the two precisions differ; small steps
  // keep their paths together.
  testUpdateRule(soap, create, { learningRate: 2e-3, steps: 300 });

  describe("25 steps are those of PyTorch", () => {
    beforeAll(async () => use(await create()));
    test.each(paths)("%s", (path) => follow(path, "float32", 1e-4));
  });
});

describe("in float64", () => {
  beforeAll(() => use(cpu()));

  test.each(paths)("%s", (path) => follow(path, "float64", 1e-10));

  test("the basis is orthonormal, also after power iterations, and diagonalises the covariances", async () => {
    const own = parameter(normal(key(1), [5, 3]));
    const optimizer = new Optimizer([own], soap, { learningRate: 0.01 });
    const gradients = (number: number) => grad(sum(mul(own, normal(key(number), [5, 3]))), [own]);
    initializeBasis(optimizer, gradients(2));
    const { L0, Q0, L1, Q1 } = optimizer.stateOf(own);
    for (const [L, Q] of [
      [L0!, Q0!],
      [L1!, Q1!],
    ] as const) {
      const diagonal = matmul(matmul(transpose(Q), L), Q);
      await expectClose(sub(diagonal, mul(diagonal, eye(Q.shape[0]!))), zeros(Q.shape), 1e-6);
      const values = await sum(mul(diagonal, eye(Q.shape[0]!)), 0).data();
      expect([...values]).toEqual([...values].toSorted((a, b) => b - a));
    }
    for (let number = 3; number < 8; number++) {
      optimizer.update(gradients(number));
      optimizer.observe(gradients(number));
      await realize();
      for (const Q of [Q0!, Q1!]) await expectClose(matmul(transpose(Q), Q), eye(Q.shape[0]!), 1e-6);
    }
  });

  test("on a rotated bowl it is faster than without its basis", async () => {
    const axes = qr(normal(key(4), [6, 6])).q;
    const scales = tensor([100, 30, 10, 3, 1, 0.3]);
    const after = async (rule: typeof soap): Promise<number> => {
      const own = parameter(normal(key(5), [6, 6]));
      const optimizer = new Optimizer([own], rule, {
        learningRate: (step) => 0.1 * (1 - step / 300),
        weightDecay: 0,
      });
      let loss: Tensor = mean(own);
      for (let step = 0; step <= 300; step++) {
        loss = mean(square(mul(matmul(own, axes), scales)));
        const gradients = grad(loss, [own]);
        if (step > 0) optimizer.update(gradients);
        else if (rule === soap) initializeBasis(optimizer, gradients);
        if (step % 10 === 9) optimizer.observe(gradients);
        await realize(loss);
      }
      return loss.item();
    };
    expect(await after(soap)).toBeLessThan(0.5 * (await after(soapWith({ longest: 0 }))));
  });
});

test("10,000 steps compile nothing again and keep no memory", async () => {
  await use(await onnx());
  const own = parameter(normal(key(1), [6, 4]));
  const optimizer = new Optimizer([own], soap, { learningRate: 1e-3 });
  const stepWith = (observe: boolean) =>
    compile(() => {
      const loss = sum(square(sub(own, tensor([1, 2, 3, 4]))));
      const gradients = grad(loss, [own]);
      optimizer.update(gradients);
      if (observe) optimizer.observe(gradients);
      return loss;
    });
  const [plain, observed] = [stepWith(false), stepWith(true)];
  await expectEndurance(async (number) => (await (number % 10 === 0 ? observed : plain)()).item());
});

test("what makes no sense is refused", async () => {
  await use(cpu());
  expect(() => soapWith({ longest: -1 })).toThrow(ArgumentError);
  const [matrix, vector] = [parameter(zeros([2, 2])), parameter(zeros([2]))];
  const optimizer = new Optimizer([matrix, vector], soap, { learningRate: 1 });
  expect(() => initializeBasis(optimizer, [zeros([2, 2])])).toThrow(GradientError);
  expect(() => initializeBasis(optimizer, grad(sum(vector), [vector]))).toThrow(ArgumentError);
});
