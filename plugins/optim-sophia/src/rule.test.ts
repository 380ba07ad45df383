import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import {
  add,
  ArgumentError,
  grad,
  mapGradients,
  mul,
  Optimizer,
  parameter,
  realize,
  sum,
  tensor,
  use,
  type Parameter,
} from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";
import { testUpdateRule } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { sophiaG, sophiaH, winRate } from "./index.ts";

for (const rule of [sophiaG, sophiaH]) for (const backend of [cpu, onnx]) testUpdateRule(rule, backend);

/** One step with exactly the given gradient, and the given curvature if there is one. */
async function step(
  optimizer: Optimizer,
  own: Parameter,
  gradient: readonly number[],
  curvature?: readonly number[],
): Promise<void> {
  const gradients = grad(sum(mul(own, tensor([...gradient]))), [own]);
  if (curvature !== undefined) optimizer.observe(mapGradients(gradients, () => tensor([...curvature])));
  optimizer.update(gradients);
  await realize();
}

const stateOf = async (optimizer: Optimizer, name: "m" | "h") => [
  ...(await optimizer.stateDict()).state[`0.${name}`]!.data,
];

describe.each([
  ["cpu", cpu],
  ["onnx", onnx],
] as const)("sophia on %s", (_name, backend) => {
  beforeAll(async () => use(await backend()));

  test("six steps are those of Algorithm 3, written out in numbers", async () => {
    const settings = { learningRate: 0.1, beta1: 0.9, beta2: 0.8, gamma: 0.3, epsilon: 1e-6, weightDecay: 0.2 };
    let [θ, m, h] = [
      [1, -2, 0.5],
      [0, 0, 0],
      [0, 0, 0],
    ];
    const own = parameter(tensor(θ));
    const optimizer = new Optimizer([own], sophiaG, settings);
    for (let t = 1; t <= 6; t++) {
      const g = [Math.sin(t), 0.2 * Math.cos(3 * t), 5 * Math.sin(2 * t)];
      const ĥ = [4 + t, 0.01, 0.2 * t];
      const observed = t % 3 === 1;
      await step(optimizer, own, g, observed ? ĥ : undefined);
      m = m.map((value, i) => 0.9 * value + 0.1 * g[i]!);
      if (observed) h = h.map((value, i) => 0.8 * value + 0.2 * ĥ[i]!);
      θ = θ.map(
        (value, i) => value - 0.1 * 0.2 * value - 0.1 * Math.min(1, Math.max(-1, m[i]! / Math.max(0.3 * h[i]!, 1e-6))),
      );
      for (const [i, value] of (await own.data()).entries())
        expect(value, `step ${t}, element ${i}`).toBeCloseTo(θ[i]!, 5);
    }
    expect(m.map((value, i) => Math.abs(value) < 0.3 * h[i]!)).toContain(true); // some clipped, some not
    expect(m.map((value, i) => Math.abs(value) < 0.3 * h[i]!)).toContain(false);
    const expected = m.filter((value, i) => Math.abs(value) < 0.3 * h[i]!).length / 3;
    expect(await winRate(optimizer, [own]).item()).toBeCloseTo(expected, 6);
  });

  test("the share of each group is that of its own γ", async () => {
    const [own, other] = [parameter(tensor([0, 0])), parameter(tensor([0]))];
    const optimizer = new Optimizer(
      new Map([
        ["own", own],
        ["other", other],
      ]),
      sophiaG,
      {
        learningRate: 1,
        gamma: 1e-6,
        beta1: 0,
        beta2: 0,
        groups: [
          { where: (name: string) => name === "own", gamma: 1 },
          { where: (name: string) => name === "other", gamma: (step: number) => (step === 0 ? 1 : 0.25) },
        ],
      },
    );
    for (const share of [2, 1]) {
      const gradients = grad(sum(mul(own, tensor([1, 3]))).add(sum(mul(other, tensor([1])))), [own, other]);
      optimizer.observe(mapGradients(gradients, (one) => add(mul(one, 0), 2))); // h = 2, so that |m| < 2 γ counts
      optimizer.update(gradients);
      await realize();
      expect(await winRate(optimizer, [own, other]).item()).toBeCloseTo(share / 3, 6);
    }
  });

  test("γ divides before the clip, and the clip is at 1: not clip(m / h, γ)", async () => {
    const own = parameter(tensor([0, 0]));
    const optimizer = new Optimizer([own], sophiaG, {
      learningRate: 1,
      beta1: 0,
      beta2: 0,
      gamma: 0.5,
      weightDecay: 0,
    });
    await step(optimizer, own, [1, 1], [4, 1]);
    // 1 / (½ · 4) = ½, and 1 / (½ · 1) = 2, which is cut to 1. The other way they were ¼ and ½.
    expect([...(await own.data())]).toEqual([-0.5, -1]);
  });

  test("the curvature decays only where it is observed, not at every step", async () => {
    const own = parameter(tensor([0]));
    const optimizer = new Optimizer([own], sophiaG, { learningRate: 0.1, beta2: 0.5 });
    await step(optimizer, own, [1], [8]);
    expect(await stateOf(optimizer, "h")).toEqual([4]);
    for (let count = 0; count < 3; count++) await step(optimizer, own, [1]);
    expect(await stateOf(optimizer, "h")).toEqual([4]);
    await step(optimizer, own, [1], [0]);
    expect(await stateOf(optimizer, "h")).toEqual([2]);
  });

  test("the moment has no bias correction, and without curvature every coordinate moves by η", async () => {
    const own = parameter(tensor([1, 1]));
    const optimizer = new Optimizer([own], sophiaH, { learningRate: 0.25, beta1: 0.5, weightDecay: 0 });
    await step(optimizer, own, [1e-3, -4], [0, -3]); // a negative curvature counts as none
    expect(await stateOf(optimizer, "m")).toEqual([Math.fround(1e-3) / 2, -2]);
    expect([...(await own.data())]).toEqual([0.75, 1.25]);
  });

  test("decay is decoupled from the clip", async () => {
    const own = parameter(tensor([4]));
    const optimizer = new Optimizer([own], sophiaG, { learningRate: 0.25, weightDecay: 0.5 });
    await step(optimizer, own, [0], [1]);
    expect([...(await own.data())]).toEqual([3.5]);
  });

  test("parameters of a group with another rule are not observed", async () => {
    const plain = updateRule({
      name: "plain",
      spec: 1,
      hyper: {},
      state: () => ({}),
      update: ({ θ, g, learningRate }) => ({ θ: θ.sub(learningRate.mul(g)) }),
    });
    const [matrix, bias] = [parameter(tensor([[1, 1]])), parameter(tensor([1]))];
    const optimizer = new Optimizer([matrix, bias], sophiaG, {
      learningRate: 0.5,
      weightDecay: 0,
      groups: [{ where: (_name, { shape }) => shape.length < 2, rule: plain }],
    });
    const gradients = grad(sum(matrix).add(sum(bias)), [matrix, bias]);
    optimizer.observe(gradients);
    optimizer.update(gradients);
    await realize();
    expect([...(await bias.data()), ...(await matrix.data())]).toEqual([0.5, 0.5, 0.5]);
    expect(await winRate(optimizer, [matrix, bias]).item()).toBe(0);
    expect(() => winRate(new Optimizer([bias], plain, { learningRate: 1 }), [bias])).toThrow(ArgumentError);
  });
});

test("the share of float64 parameters is that of γ in float64", async () => {
  use(cpu());
  const own = parameter(tensor([0, 0], { dtype: "float64" }));
  const optimizer = new Optimizer([own], sophiaG, { learningRate: 1, gamma: 0.1, beta1: 0, beta2: 0 });
  // 0.1 in float32 is 0.1 + 1.5 · 10⁻⁹, above both.
  const gradients = grad(sum(mul(own, tensor([0.1 - 1e-9, 0.1 + 1e-9], { dtype: "float64" }))), [own]);
  optimizer.observe(mapGradients(gradients, (one) => add(mul(one, 0), 1)));
  optimizer.update(gradients);
  await realize();
  expect(await winRate(optimizer, [own]).item()).toBe(0.5);
});
