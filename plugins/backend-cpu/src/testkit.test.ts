import {
  add,
  customGradient,
  exp,
  matmul,
  Module,
  mul,
  ones,
  parameter,
  stopGradient,
  sum,
  tensor,
  transpose,
  use,
  type Tensor,
} from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";
import { checkGradient, checkModuleGradients, testModule, testUpdateRule } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { cpu } from "./index.ts";

/**
 * The suites of testkit, which has no backend of its own, on the simplest things that pass and on things that must
 * fail.
 */

testUpdateRule(
  updateRule({
    name: "momentum",
    spec: 1,
    hyper: { beta: 0.9 },
    state: (θ) => ({ m: mul(θ, 0) }),
    update: ({ θ, g, m, beta, learningRate }) => {
      const next = add(mul(beta, m), g);
      return { θ: add(θ, mul(mul(next, learningRate), -1)), m: next };
    },
  }),
  cpu,
);

class Affine extends Module {
  readonly weight = parameter(
    tensor([
      [0.5, -1, 0.25],
      [1, 0.75, -0.5],
    ]),
  );
  readonly bias = parameter(tensor([0.1, -0.2]));

  forward(x: Tensor): Tensor {
    return add(matmul(x, transpose(this.weight.read())), this.bias);
  }
}

testModule(
  () => new Affine(),
  () => [
    tensor([
      [1, 2, 3],
      [-1, 0.5, 2],
    ]),
  ],
  cpu,
);

/** The same in float64, where gradients are compared far more strictly. */
class Affine64 extends Module {
  readonly weight = parameter(tensor([0.5, -1, 0.25, 1, 0.75, -0.5], { shape: [2, 3], dtype: "float64" }));
  readonly bias = parameter(tensor([0.1, -0.2], { dtype: "float64" }));

  forward(x: Tensor): Tensor {
    return exp(add(matmul(x, transpose(this.weight.read())), this.bias));
  }
}

const inputs64 = () => [tensor([1, 2, 3, -1, 0.5, 2], { shape: [2, 3], dtype: "float64" })];

testModule(() => new Affine64(), inputs64, cpu);

/** A module with a frozen parameter, whose gradient is not checked. */
class HalfFrozen extends Module {
  readonly weight = parameter(tensor([[0.5, -1]]));
  readonly scale = parameter(tensor([2]), { trainable: false });

  forward(x: Tensor): Tensor {
    const wrong = customGradient({ forward: (y) => mul(y, 1), gradient: (g) => [mul(g, 0)] });
    return mul(exp(matmul(x, transpose(this.weight.read()))), wrong(this.scale.read()));
  }
}

testModule(
  () => new HalfFrozen(),
  () => [tensor([[1, 2]])],
  cpu,
);

describe("checkModuleGradients", () => {
  /** y = exp(x wᵀ + b), with something done to the weight, the bias and the input on their way. */
  class Distorted extends Module {
    readonly weight = parameter(tensor([[0.5, -1]]));
    readonly bias = parameter(tensor([0.1]));
    readonly change: Readonly<Record<string, (x: Tensor) => Tensor>>;

    constructor(change: Readonly<Record<string, (x: Tensor) => Tensor>>) {
      super();
      this.change = change;
    }

    forward(x: Tensor): Tensor {
      const { weight = same, bias = same, input = same } = this.change;
      return exp(add(matmul(input(x), transpose(weight(this.weight.read()))), bias(this.bias.read())));
    }
  }

  const same = (x: Tensor): Tensor => x;
  const times = (factor: number) =>
    customGradient({ forward: (x: Tensor) => mul(x, 1), gradient: (g) => [mul(g, factor)] });
  const check = (change: Readonly<Record<string, (x: Tensor) => Tensor>>, options = {}): Promise<void> =>
    checkModuleGradients(
      () => new Distorted(change),
      () => [tensor([[1, 2]])],
      cpu(),
      options,
    );

  test("right gradients pass", () => check({}));

  test.each([
    ["a gradient that is wrongly zero", { bias: times(0) }, /gradient of bias is zero everywhere/],
    ["a parameter that is cut off", { weight: stopGradient }, /gradient of weight is zero everywhere/],
    ["a module without any gradient", { weight: stopGradient, bias: stopGradient }, /weight is zero everywhere/],
    [
      "a gradient of a parameter that is off by a thousandth",
      { weight: times(1.001) },
      /along weight the gradient says/,
    ],
    ["a wrong gradient of an input", { input: times(-1) }, /along input 0 the gradient says/],
    ["a gradient that is not finite", { bias: times(NaN) }, /gradient of bias is not finite/],
  ])("%s is found", async (_name, change, message) => {
    await expect(check(change)).rejects.toThrow(message);
  });

  test("a gradient that is right only where parameters start is found", async () => {
    /** y = x w, with the gradients of y = x w³ / 3, which are the same at w = 1. */
    class Scaled extends Module {
      readonly weight = parameter(ones([3]));

      forward(x: Tensor): Tensor {
        const scale = customGradient({
          forward: (x: Tensor, w: Tensor) => mul(x, w),
          gradient: (g, [x, w]) => [mul(g, w!), sum(mul(g, mul(x!, mul(w!, w!))), 0)],
        });
        return scale(x, this.weight.read());
      }
    }
    const make = () =>
      checkModuleGradients(
        () => new Scaled(),
        () => [ones([4, 3])],
        cpu(),
      );
    await expect(make()).rejects.toThrow(/along weight the gradient says/);
  });

  test("a parameter may lack a gradient for a reason, which must be true", async () => {
    const withoutGradient = { bias: "it is frozen here" };
    await expect(check({ bias: stopGradient }, { withoutGradient })).rejects.toThrow(/along bias the gradient says 0/);
    await check({ bias: (b) => mul(stopGradient(b), 0) }, { withoutGradient });
    await expect(check({}, { withoutGradient })).rejects.toThrow(/bias has a gradient/);
  });
});

describe("checkGradient", () => {
  beforeAll(() => use(cpu()));
  const point = { shape: [3], data: [0.3, -0.5, 1.2] };

  test("accepts a right gradient, up to the third order", async () => {
    await expect(checkGradient((x) => exp(mul(x, x)), [point], { order: 3 })).resolves.toBeUndefined();
  });

  test("names the input and the element of a wrong one", async () => {
    const wrong = customGradient({ forward: (x) => mul(x, x), gradient: (g, [x]) => [mul(g, x!)] });
    await expect(checkGradient((x) => wrong(x), [point])).rejects.toThrow(
      /gradient of order 1: input 0, element 0: the gradient is [\d.-]+, finite differences say/,
    );
  });

  test("finds an error in the second order only", async () => {
    // The first gradient is right, but its own gradient is 0.
    const flat = customGradient({
      forward: (x) => mul(x, x),
      gradient: (g, [x]) => [
        mul(g, customGradient({ forward: (y) => mul(y, 2), gradient: (inner) => [mul(inner, 0)] })(x!)),
      ],
    });
    await checkGradient((x) => flat(x), [point]);
    await expect(checkGradient((x) => flat(x), [point], { order: 2 })).rejects.toThrow("gradient of order 2");
  });
});
