import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import {
  add,
  compile,
  div,
  exp,
  grad,
  key,
  log,
  mean,
  Module,
  mul,
  normal,
  Optimizer,
  parameter,
  realize,
  relu,
  sigmoid,
  softmax,
  sqrt,
  square,
  sub,
  sum,
  tensor,
  use,
  type Tensor,
} from "@ansatz/core";
import { Dropout, Linear, meanSquaredError } from "@ansatz/nn";
import { adamw, clipByGlobalNorm, sgd } from "@ansatz/optim";
import { beforeAll, describe, expect, test } from "vitest";
import { JsonLines } from "../json-lines.ts";
import { Diagnosis } from "./diagnosis.ts";
import type { Finding } from "./finding.ts";

beforeAll(() => use(cpu()));

class Head extends Module {
  readonly scale = parameter(tensor([1, 1]));
  readonly change: (x: Tensor) => Tensor;

  constructor(change: (x: Tensor) => Tensor) {
    super();
    this.change = change;
  }

  forward(x: Tensor): Tensor {
    return mul(this.change(x), this.scale);
  }
}

class Network extends Module {
  readonly layers: readonly Linear[];
  readonly head: Head;
  readonly activation: (x: Tensor) => Tensor;
  readonly dropout = new Dropout(0.2, { random: 1 });

  constructor(
    widths: readonly number[],
    options: {
      readonly activation?: (x: Tensor) => Tensor;
      readonly head?: (x: Tensor) => Tensor;
      readonly scale?: number;
      readonly bias?: number;
    } = {},
  ) {
    super();
    const { activation = relu, head = (x) => x, scale, bias } = options;
    this.layers = widths.slice(1).map((width, i) => new Linear(widths[i]!, width, { random: i + 1 }));
    for (const layer of this.layers) {
      if (scale !== undefined) layer.weight.assign(mul(normal(key(layer.weight.shape[0]!), layer.weight.shape), scale));
      if (bias !== undefined) layer.bias!.assign(mul(add(mul(layer.bias!, 0), 1), bias));
    }
    this.activation = activation;
    this.head = new Head(head);
  }

  forward(x: Tensor): Tensor {
    let y = x;
    for (const [i, layer] of this.layers.entries())
      y = i === this.layers.length - 1 ? layer.forward(y) : this.activation(layer.forward(y));
    return this.head.forward(y);
  }
}

interface Training {
  readonly steps?: number;
  readonly learningRate?: number;
  readonly compiled?: boolean;
  readonly batch?: (step: number) => Tensor;
  readonly diagnosed?: boolean;
}

/** Trains on the sum of the inputs, and returns the findings. */
async function train(
  model: Network,
  {
    steps = 30,
    learningRate = 1e-2,
    compiled = true,
    batch = (step) => normal(key(step), [16, 4]),
    diagnosed = true,
  }: Training = {},
): Promise<{ findings: Finding[]; losses: number[] }> {
  const optimizer = new Optimizer(model, adamw, { learningRate });
  const step = (x: Tensor) => {
    const y = model.forward(x);
    const loss = meanSquaredError(y, mul(sum(x, 1, { keepDims: true }), tensor([1, 1])));
    optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
    return loss;
  };
  await realize();
  const diagnosis = diagnosed ? new Diagnosis({ model }) : undefined;
  const run = compiled
    ? compile(step)
    : async (x: Tensor) => {
        const loss = step(x);
        await realize(loss);
        return loss;
      };
  const findings: Finding[] = [];
  const losses: number[] = [];
  for (let i = 1; i <= steps; i++) {
    const x = batch(i);
    await realize(x);
    losses.push(await (await run(x)).item());
    findings.push(...(diagnosis?.observe({ step: i, loss: losses.at(-1)! }) ?? []));
  }
  diagnosis?.[Symbol.dispose]();
  return { findings, losses };
}

const widths = [4, 16, 2];
const kinds = (findings: readonly Finding[]) => [...new Set(findings.map(({ kind }) => kind))];

describe.each([
  ["a plain loop", false],
  ["a compiled step", true],
])("in %s", (_name, compiled) => {
  test("a healthy run has no findings, and its numbers are those of a run without a diagnosis", async () => {
    // The infinity of the mask is intended.
    const masked = (x: Tensor) => mul(x, sum(softmax(add(mul(x, 0), tensor([0, -Infinity]))), 1, { keepDims: true }));
    const { findings, losses } = await train(new Network(widths, { head: masked }), { compiled });
    expect(findings).toEqual([]);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    expect((await train(new Network(widths, { head: masked }), { compiled, diagnosed: false })).losses).toEqual(losses);
  });

  test("the op and the module that made the first NaN are named", async () => {
    const { findings, losses } = await train(new Network(widths, { head: (x) => log(sub(square(x), 100)) }), {
      compiled,
      steps: 3,
    });
    expect(losses[0]).toBeNaN();
    expect(findings[0]).toMatchObject({
      step: 1,
      kind: "not finite",
      where: "head (Head)",
      message: "log [16, 2] made the first NaN",
    });
    expect(findings[0]!.advice).toContain("softmaxCrossEntropy");
    expect(findings.filter(({ kind }) => kind === "not finite")).toHaveLength(1);
  });

  test("an infinity that causes a NaN is named", async () => {
    const { findings } = await train(
      new Network(widths, { head: (x) => div(exp(mul(square(x), 1e6)), exp(mul(square(x), 1e6))) }),
      { compiled, steps: 1 },
    );
    expect(findings[0]).toMatchObject({
      kind: "not finite",
      where: "head (Head)",
      message: "exp [16, 2] made the first infinity; from it div made NaN",
    });
    expect(findings[0]!.advice).toContain("below 88");
  });

  test("a batch that holds NaN is named, not the ops through which it passes", async () => {
    const { findings } = await train(new Network(widths), {
      compiled,
      steps: 3,
      batch: (step) =>
        step === 2 ? tensor(Array.from({ length: 16 }, () => [1, NaN, 0, 0])) : normal(key(step), [16, 4]),
    });
    expect(findings[0]).toMatchObject({
      step: 2,
      kind: "not finite",
      message: "an input of the step [16, 4] holds NaN before anything is computed",
    });
    expect(findings[0]!.advice).toContain("Look at the data");
  });

  test("a NaN in the gradient of a finite loss is found in the backward pass", async () => {
    const { findings, losses } = await train(new Network(widths, { head: (x) => add(x, sqrt(mul(x, 0))) }), {
      compiled,
      steps: 1,
    });
    expect(losses[0]).not.toBeNaN();
    expect(findings[0]).toMatchObject({ step: 1, kind: "not finite", where: "head (Head)" });
    expect(findings[0]!.message).toMatch(/^div .* made the first (NaN|infinity) in the backward pass, in the gradient/);
  });
});

test("weights that were not finite before the step are distinguished from values that the step makes", async () => {
  const model = new Network(widths);
  model.layers[0]!.weight.load(new Float32Array(64).fill(NaN));
  const { findings } = await train(model, { steps: 1 });
  expect(findings[0]!.message).toBe('"layers.0.weight" [16, 4] holds NaN before anything is computed');
  expect(findings[0]!.advice).toContain("before this step");
});

test("gradients that explode with depth are found, by layer, before clipping", async () => {
  const { findings } = await train(new Network([4, 32, 32, 32, 32, 32, 2], { scale: 1.5 }), { steps: 1 });
  expect(kinds(findings)).toEqual(["exploding gradient"]);
  expect(findings).toHaveLength(1);
  expect(`${findings[0]!.where} ${findings[0]!.message}`).toMatch(
    /^layers\.0\.weight the norm of its gradient is .*; the same in layers\.0\.bias, .* and \d more$/,
  );
  expect(findings[0]!.advice).toMatch(/^Clip the gradients/);
});

test("gradients that vanish through sigmoids are found, first layers first; ReLUs let them pass", async () => {
  const deep = [4, ...Array.from({ length: 12 }, () => 16), 2];
  const { findings } = await train(new Network(deep, { activation: sigmoid }), { steps: 12 });
  expect(kinds(findings)).toEqual(["vanishing gradient"]);
  expect(findings[0]).toMatchObject({ step: 10, where: "layers.0.weight" });
  expect(findings[0]!.message).toMatch(/; the same in layers\.1\.weight/);
  expect(findings[0]!.message).not.toContain("layers.12.weight");
  expect(kinds((await train(new Network(deep, { scale: 0.35, bias: 0 }), { steps: 12 })).findings)).toEqual([]);
});

test("dead ReLU units are found with their layer; a few of them are fine", async () => {
  const { findings } = await train(new Network(widths, { bias: -50 }), { steps: 25 });
  const [dead, ...again] = findings.filter(({ kind }) => kind === "dead units");
  expect(again).toEqual([]); // reported once, although they stay dead
  expect(dead).toMatchObject({ step: 20, where: "Network" });
  expect(dead!.message).toContain("16 of its 16 ReLU units");
  const some = new Network(widths);
  some.layers[0]!.bias!.load(Float32Array.from({ length: 16 }, (_, i) => (i < 4 ? -50 : 0.1)));
  expect((await train(some, { steps: 25, learningRate: 1e-4 })).findings).toEqual([]);
});

test("saturated sigmoids are found; the others are not", async () => {
  const { findings } = await train(new Network(widths, { activation: sigmoid, scale: 300 }), {
    steps: 25,
    learningRate: 1e-6,
  });
  expect(findings.find(({ kind }) => kind === "saturated units")).toMatchObject({ step: 20, where: "Network" });
  expect((await train(new Network(widths, { activation: sigmoid }), { steps: 25 })).findings).toEqual([]);
});

test("findings are written to the run's folder, once for each place, and the model is unchanged", async () => {
  const folder = mkdtempSync(join(tmpdir(), "diagnosis-"));
  const model = new Linear(2, 1, { random: 1 });
  const { forward } = model;
  const optimizer = new Optimizer(model, sgd, { learningRate: 1 });
  const diagnosis = new Diagnosis({ model: { linear: model }, folder });
  expect(model.forward).not.toBe(forward);
  for (let step = 1; step <= 4; step++) {
    const loss = mean(log(model.forward(tensor([[0, step === 1 ? 1 : NaN]]))));
    optimizer.update(grad(loss, model.parameters()));
    await realize(loss);
    diagnosis.observe({ step, loss: await loss.item() });
  }
  diagnosis[Symbol.dispose]();
  const findings = new JsonLines<Finding>(join(folder, "findings.jsonl")).read();
  expect(findings.filter(({ kind }) => kind === "not finite")).toHaveLength(1);
  expect(Object.getOwnPropertyNames(model)).not.toContain("forward");
  expect(model.forward).toBe(forward);
  rmSync(folder, { recursive: true });
});
