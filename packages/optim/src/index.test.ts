import { fileURLToPath } from "node:url";
import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, grad, mul, Optimizer, parameter, realize, sum, tensor, use, type AnyUpdateRule, type OptimizerOptions, type StateDict, type Tensor, type TensorData } from "@ansatz/core";
import { loadSafetensors } from "@ansatz/data";
import { testUpdateRule } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { adamw, clipByGlobalNorm, constant, cosine, globalNorm, linear, sgd, warmup } from "./index.ts";

testUpdateRule(adamw, cpu);
testUpdateRule(sgd, cpu);

/** What PyTorch's optimizers did; recorded by reference/record.py. */
const recorded: StateDict = (await loadSafetensors(fileURLToPath(new URL("../reference/updates.safetensors", import.meta.url)))).tensors;

beforeAll(() => use(cpu()));

function given(name: string): Tensor {
  const { data, shape } = recorded[name]!;
  return tensor(data, { shape });
}

function row({ data, shape }: TensorData, index: number): Tensor {
  const size = data.length / shape[0]!;
  return tensor(data.slice(index * size, (index + 1) * size), { shape: shape.slice(1) });
}

async function expectClose(found: Tensor, expected: Tensor, what: string): Promise<void> {
  const [a, b] = [await found.data(), await expected.data()];
  expect(a.length).toBe(b.length);
  for (const [i, value] of b.entries()) expect(Math.abs(a[i]! - value), `${what}, element ${i}: ${a[i]!}, not ${value}`).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(value)));
}

/** Follows one recorded path, whose gradients are given. */
async function follow<Rule extends AnyUpdateRule>(path: string, rule: Rule, options: OptimizerOptions<Rule>): Promise<void> {
  const own = parameter(given("start"));
  const optimizer = new Optimizer([own], rule, options);
  for (let step = 0; step < 5; step++) {
    optimizer.update(grad(sum(mul(own, row(recorded["gradients"]!, step))), [own]));
    await realize();
    await expectClose(own.read(), row(recorded[path]!, step), `${path}, step ${step + 1}`);
  }
}

describe("five steps, as PyTorch's:", () => {
  test("adamw with its defaults", () => follow("adamw", adamw, { learningRate: 0.05 }));
  test("adamw with every setting changed", () => follow("adamw-recipe", adamw, { learningRate: 0.05, beta2: 0.95, epsilon: 1e-5, weightDecay: 0.1 }));
  test("adamw under a schedule", () => follow("adamw-halving", adamw, { learningRate: (step) => 0.05 / 2 ** (step - 1), beta2: 0.95, epsilon: 1e-5, weightDecay: 0.1 }));
  test("sgd", () => follow("sgd", sgd, { learningRate: 0.05 }));
  test("sgd with momentum and decay", () => follow("sgd-momentum", sgd, { learningRate: 0.05, momentum: 0.9, weightDecay: 0.1 }));
});

describe("clipByGlobalNorm", () => {
  /** Two parameters with the gradients [3, 0] and [0, 4]: together 5 long. */
  function gradients() {
    const own = { a: parameter(tensor([0, 0])), b: parameter(tensor([0, 0])) };
    const loss = sum(mul(own.a, tensor([3, 0]))).add(sum(mul(own.b, tensor([0, 4]))));
    return { own, gradients: grad(loss, own) };
  }

  test("the norm is that of all gradients together", async () => {
    expect(await globalNorm(gradients().gradients).item()).toBe(5);
  });

  test("what is too long is scaled to the limit, and keeps its direction and its structure", async () => {
    const clipped = clipByGlobalNorm(gradients().gradients, 1);
    expect(await globalNorm(clipped).item()).toBeCloseTo(1, 5);
    expect((await clipped.a.data())[0]).toBeCloseTo(0.6, 5);
    expect((await clipped.b.data())[1]).toBeCloseTo(0.8, 5);
  });

  test("what is short enough stays, bit for bit", async () => {
    const clipped = clipByGlobalNorm(gradients().gradients, 10);
    expect([...(await clipped.a.data()), ...(await clipped.b.data())]).toEqual([3, 0, 0, 4]);
  });

  test("no gradient at all is no division by zero", async () => {
    const own = parameter(tensor([1]));
    const clipped = clipByGlobalNorm(grad(sum(mul(own, 0)), [own]), 1);
    expect([...(await clipped[0]!.data())]).toEqual([0]);
  });

  test("an optimizer takes clipped gradients as those of its parameters", async () => {
    const { own, gradients: given } = gradients();
    new Optimizer(Object.values(own), sgd, { learningRate: 1 }).update(clipByGlobalNorm(given, 1));
    await realize();
    expect((await own.a.data())[0]).toBeCloseTo(-0.6, 5);
  });

  test("as PyTorch's clip_grad_norm_", async () => {
    const values = [given("clip/0"), given("clip/1")];
    await expectClose(globalNorm(values), given("clip/norm"), "norm");
    for (const [i, clipped] of clipByGlobalNorm(values, 0.5).entries()) await expectClose(clipped, given(`clip/${i}/clipped`), `gradient ${i}`);
  });

  test.each([0, -1, NaN])("a limit of %d is refused", (limit) => {
    expect(() => clipByGlobalNorm([tensor([1])], limit)).toThrow(ArgumentError);
  });

  test("without gradients there is no norm", () => {
    expect(() => globalNorm([])).toThrow(ArgumentError);
  });
});

describe("schedules, as their formulas say:", () => {
  test("constant", () => expect([1, 2, 1_000].map(constant(0.1))).toEqual([0.1, 0.1, 0.1]));

  test("linear, up or down, then level", () => {
    expect([0, 1, 2, 4, 9].map(linear(0, 8, 4))).toEqual([0, 2, 4, 8, 8]);
    expect([0, 1, 4, 5].map(linear(1, 0, 4))).toEqual([1, 0.75, 0, 0]);
  });

  test("cosine from its peak to its floor, halfway in the middle", () => {
    const schedule = cosine(2, 8, { floor: 1 });
    expect(schedule(0)).toBe(2);
    expect(schedule(4)).toBeCloseTo(1.5, 12);
    expect(schedule(2)).toBeCloseTo(1.5 + Math.SQRT1_2 / 2, 12);
    expect(schedule(8)).toBe(1);
    expect(schedule(100)).toBe(1);
    expect(cosine(2, 8)(8)).toBe(0);
  });

  test("warm-up rises to where the schedule behind it begins, which then counts from 0", () => {
    const schedule = warmup(4, linear(8, 0, 8));
    expect([1, 2, 4, 5, 12].map(schedule)).toEqual([2, 4, 8, 7, 0]);
    expect(warmup(0, constant(3))(1)).toBe(3);
  });

  test("numbers of steps that make no sense are refused", () => {
    for (const make of [() => linear(0, 1, 0), () => cosine(1, -1), () => cosine(1, NaN), () => warmup(1.5, constant(1)), () => warmup(-1, constant(1))]) expect(make).toThrow(ArgumentError);
  });
});
