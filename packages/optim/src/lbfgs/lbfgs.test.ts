import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import {
  abs,
  add,
  ArgumentError,
  exp,
  GradientError,
  matmul,
  mean,
  memory,
  mul,
  parameter,
  reshape,
  softplus,
  square,
  StateError,
  sub,
  sum,
  tensor,
  use,
  zeros,
  type FloatingDType,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import { beforeAll, describe, expect, test } from "vitest";
import { recorded } from "../golden.ts";
import { LBFGS, type LBFGSOptions } from "../index.ts";

const golden = await recorded("lbfgs");

interface Problem {
  readonly parameters: readonly Parameter[];
  readonly loss: () => Tensor;
}

function rosenbrock(dtype: FloatingDType): Problem {
  const x = parameter(tensor([-1.2, 1], { dtype }));
  const loss = () => {
    const [a, b] = [x.read().slice([[0, 1]]), x.read().slice([[1, 2]])];
    return add(sum(square(sub(1, a))), mul(100, sum(square(sub(b, square(a))))));
  };
  return { parameters: [x], loss };
}

function logistic(dtype: FloatingDType): Problem {
  const [w, b] = [parameter(zeros([3], { dtype })), parameter(zeros([], { dtype }))];
  const [inputs, labels] = [golden["inputs"]!, golden["labels"]!].map(({ data, shape }) =>
    tensor(data, { shape, dtype }),
  );
  const loss = () => {
    const logits = add(reshape(matmul(inputs!, reshape(w, [3, 1])), [40]), b);
    return add(mean(sub(softplus(logits), mul(labels!, logits))), mul(0.01, sum(square(w))));
  };
  return { parameters: [w, b], loss };
}

/** A loss of two numbers, from a start. */
const of =
  (start: readonly number[], loss: (x: Tensor) => Tensor) =>
  (dtype: FloatingDType): Problem => {
    const x = parameter(tensor([...start], { dtype }));
    return { parameters: [x], loss: () => loss(x.read()) };
  };
/** Its slope grows on the way down, so that the cubic through two points has no minimum. */
const well = of([2.5, 1.5], (x) => mul(-1, exp(mul(-0.5, sum(square(x))))));
/** Its slope is never flat enough, so that the bracket shrinks until it is narrow. */
const kink = of([1, -0.7], (x) => add(sum(abs(sub(x, 0.3))), mul(0.1, sum(square(x)))));
/** It hardly changes while the parameters and the gradient still do. */
const quartic = of([0.1, 0.08], (x) => sum(square(square(x))));
/** A part of its gradient is NaN; the other is 0 at 1.5. */
const missing = (start: number) =>
  of([1, start], (x) => add(sum(mul(x, tensor([NaN, 1], { dtype: x.dtype }))), square(sub(sum(x.slice([[1, 2]])), 2))));

const wolfe = { lineSearch: "strongWolfe" } as const;
const paths: readonly (readonly [string, (dtype: FloatingDType) => Problem, LBFGSOptions])[] = [
  ["rosenbrock/wolfe", rosenbrock, { ...wolfe, iterations: 4 }],
  ["rosenbrock/short", rosenbrock, { ...wolfe, iterations: 4, history: 2, evaluations: 3, learningRate: 0.3 }],
  ["rosenbrock/far", rosenbrock, { ...wolfe, iterations: 6, evaluations: 60, learningRate: 50 }],
  ["logistic/far", logistic, { ...wolfe, iterations: 6, evaluations: 60, learningRate: 50 }],
  ["logistic/wolfe", logistic, { ...wolfe, iterations: 5 }],
  ["logistic/short", logistic, { ...wolfe, iterations: 5, history: 2, evaluations: 3, learningRate: 0.3 }],
  ["logistic/plain", logistic, { iterations: 5, learningRate: 0.2, history: 3 }],
  ["well/far", well, { ...wolfe, iterations: 3, learningRate: 30 }],
  ["kink/fine", kink, { ...wolfe, iterations: 3, evaluations: 150 }],
  ["quartic/slow", quartic, { iterations: 150, evaluations: 200, learningRate: 0.1 }],
  ["missing/plain", missing(1), { iterations: 2 }],
  ["missing/wolfe", missing(1.5), { ...wolfe, iterations: 2 }],
];

async function valuesOf({ parameters }: Problem): Promise<number[]> {
  const lists = await Promise.all(parameters.map((own) => own.data()));
  return lists.flatMap((list) => Array.from(list));
}

async function follow(path: string, problem: Problem, options: LBFGSOptions, digits: number): Promise<void> {
  const optimizer = new LBFGS(problem.parameters, options);
  const { data, shape } = golden[path]!;
  const width = shape[1]!;
  let evaluations = 0;
  const counted = () => {
    evaluations++;
    return problem.loss();
  };
  for (let step = 0; step < shape[0]!; step++) {
    evaluations = 0;
    const loss = await optimizer.step(counted);
    const found = [...(await valuesOf(problem)), loss];
    for (const [i, value] of found.entries()) {
      const expected = data[step * width + i]!;
      if (Number.isNaN(expected)) expect(value, `step ${step + 1}, value ${i}`).toBeNaN();
      else expect(value, `step ${step + 1}, value ${i}`).toBeCloseTo(expected, digits);
    }
    expect(evaluations, `the evaluations of step ${step + 1}`).toBe(golden[`${path}/evaluations`]!.data[step]);
  }
}

describe("as PyTorch's, on cpu:", () => {
  beforeAll(() => use(cpu()));
  test.each(paths)("%s", (path, problem, options) => follow(path, problem("float64"), options, 8));

  test("float32 parameters find the same minimum, and their dtype stays", async () => {
    const problem = logistic("float32");
    const optimizer = new LBFGS(problem.parameters, wolfe);
    for (let step = 0; step < 3; step++) await optimizer.step(problem.loss);
    const expected = golden["logistic/wolfe"]!.data.slice(-5);
    for (const [i, value] of (await valuesOf(problem)).entries()) expect(value).toBeCloseTo(expected[i]!, 3);
    expect(problem.parameters[0]!.dtype).toBe("float32");
  });

  test("it resumes from a saved state with the same bits", async () => {
    const [through, resumed] = [rosenbrock("float64"), rosenbrock("float64")];
    const one = new LBFGS(through.parameters, { ...wolfe, iterations: 4 });
    for (let step = 0; step < 3; step++) await one.step(through.loss);
    const other = new LBFGS(resumed.parameters, { ...wolfe, iterations: 4 });
    other.loadStateDict(one.stateDict());
    resumed.parameters[0]!.load((await through.parameters[0]!.data()).slice());
    for (const [optimizer, problem] of [
      [one, through],
      [other, resumed],
    ] as const)
      for (let step = 0; step < 3; step++) await optimizer.step(problem.loss);
    expect(await valuesOf(resumed)).toEqual(await valuesOf(through));
    const fresh = new LBFGS(rosenbrock("float64").parameters);
    fresh.loadStateDict(fresh.stateDict());
    expect(() => fresh.loadStateDict(new LBFGS(logistic("float64").parameters).stateDict())).toThrow(StateError);
  });

  test("a loss that throws leaves the parameters, and what is remembered, as they were", async () => {
    const problem = rosenbrock("float64");
    const optimizer = new LBFGS(problem.parameters, { ...wolfe, iterations: 4 });
    await optimizer.step(problem.loss);
    const [before, state] = [await valuesOf(problem), optimizer.stateDict()];
    let calls = 0;
    const failing = () => {
      if (++calls === 3) throw new Error("enough");
      return problem.loss();
    };
    await expect(optimizer.step(failing)).rejects.toThrow("enough");
    expect(await valuesOf(problem)).toEqual(before);
    expect(optimizer.stateDict()).toEqual(state);
    await expect(optimizer.step(() => tensor(1))).rejects.toThrow(GradientError);
  });

  test("at a minimum it stays", async () => {
    const x = parameter(tensor([0, 0]));
    const optimizer = new LBFGS([x], wolfe);
    expect(await optimizer.step(() => sum(square(x)))).toBe(0);
    expect([...(await x.data())]).toEqual([0, 0]);
    expect(optimizer.stateDict().iterations).toBe(0);
  });

  test.each([
    [{ lineSearch: "strong_wolfe" as "none" }, /use "none" or "strongWolfe"/],
    [{ iterations: 0 }, /iterations is 0/],
    [{ history: 1.5 }, /history is 1.5/],
    [{ learningRate: -1 }, /learningRate is -1\n {2}use 0 or more/],
  ])("%j is refused", (options, message) => {
    expect(() => new LBFGS([parameter(zeros([1]))], options)).toThrow(ArgumentError);
    expect(() => new LBFGS([parameter(zeros([1]))], options)).toThrow(message);
    expect(() => new LBFGS([])).toThrow(/no trainable parameters/);
  });
});

test("on onnx it is compiled once for all evaluations", async () => {
  await use(onnx());
  const problem = logistic("float32");
  const optimizer = new LBFGS(problem.parameters, wolfe);
  await optimizer.step(problem.loss);
  const { compilations } = memory();
  const first = await optimizer.step(problem.loss);
  expect(memory().compilations).toBe(compilations);
  expect(await problem.loss().item()).toBeLessThanOrEqual(first);
});
