import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import {
  alone,
  ArgumentError,
  compile,
  grad,
  GradientError,
  mean,
  Module,
  mul,
  Optimizer,
  parameter,
  realize,
  square,
  sub,
  sum,
  tensor,
  use,
  type Tensor,
} from "@ansatz/core";
import { Dropout, Linear, meanSquaredError } from "@ansatz/nn";
import { linear, sgd } from "@ansatz/optim";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadCheckpoint, saveCheckpoint, type Parts } from "../checkpoint.ts";
import { CheckpointAverage } from "./checkpoint-average.ts";
import { EarlyStopping } from "./early-stopping.ts";
import { evaluation } from "./evaluation.ts";
import { ExponentialMovingAverage } from "./exponential-moving-average.ts";
import { GradientAccumulation } from "./gradient-accumulation.ts";
import { moduleGroups } from "./module-groups.ts";

const folder = mkdtempSync(join(tmpdir(), "trainer-"));
beforeAll(() => use(cpu()));
afterAll(() => rmSync(folder, { recursive: true }));

/** One weight. */
class Weight extends Module {
  readonly weight;

  constructor(value = 0) {
    super();
    this.weight = parameter(tensor([value]));
  }

  async value(): Promise<number> {
    return (await this.weight.data())[0]!;
  }

  set(value: number): void {
    this.weight.load(Float32Array.of(value));
  }
}

/** Saves one set of parts and loads it into another. */
async function through(from: Parts, to: Parts): Promise<void> {
  await saveCheckpoint(folder, 1, from);
  await loadCheckpoint(folder, to);
}

describe("early stopping", () => {
  test("stops after `patience` figures in a row without a gain", () => {
    const stopping = new EarlyStopping({ patience: 2, leastGain: 0.1 });
    const seen = [3, 2, 1.95, 1.8, 1.75, 1.72].map((loss) => [stopping.observe(loss), stopping.stopped]);
    expect(seen).toEqual([
      [true, false],
      [true, false],
      [false, false],
      [true, false],
      [false, false],
      [false, true],
    ]);
    expect(stopping.best).toBe(1.8);
  });

  test("works for figures that should grow, and never takes NaN for the best", () => {
    const stopping = new EarlyStopping({ patience: 3, better: "greater" });
    expect([NaN, 0.5, 0.4, 0.6, NaN].map((accuracy) => stopping.observe(accuracy))).toEqual([
      false,
      true,
      false,
      true,
      false,
    ]);
    expect(stopping.best).toBe(0.6);
  });

  test("continues its count after a checkpoint", async () => {
    const [before, after] = [new EarlyStopping({ patience: 2 }), new EarlyStopping({ patience: 2 })];
    for (const loss of [1, 2]) before.observe(loss);
    await through({ before }, { before: after });
    expect([after.best, after.stopped]).toEqual([1, false]);
    expect([after.observe(1.5), after.stopped]).toEqual([false, true]);
  });

  test("refuses a patience below 1", () => {
    expect(() => new EarlyStopping({ patience: 0 })).toThrow(ArgumentError);
  });
});

describe("gradient accumulation", () => {
  const data = [
    [1, 2],
    [3, -1],
    [0.5, 0.25],
    [2, 2],
  ] as const;
  const loss = (model: Linear, rows: readonly (readonly number[])[]) =>
    meanSquaredError(model.forward(tensor(rows.map((row) => [...row]))), tensor(rows.map(([a]) => [a!])));

  test("over equal parts gives the update of the whole batch", async () => {
    const [whole, parts] = [new Linear(2, 1, { random: 1 }), new Linear(2, 1, { random: 1 })];
    const [one, other] = [whole, parts].map((model) => new Optimizer(model, sgd, { learningRate: 0.1, momentum: 0.9 }));
    const accumulation = new GradientAccumulation(parts, 4);
    for (let step = 0; step < 3; step++) {
      one!.update(grad(loss(whole, data), whole.parameters()));
      await realize();
      for (const [i, row] of data.entries()) {
        const gradients = grad(loss(parts, [row]), parts.parameters());
        if (i < 3) accumulation.add(gradients);
        else other!.update(accumulation.take(gradients));
        await realize();
      }
    }
    const [a, b] = [await whole.weight.data(), await parts.weight.data()];
    for (const [i, value] of a.entries()) expect(b[i]).toBeCloseTo(value, 6);
    expect(one!.step).toBe(other!.step);
  });

  test("half-way through a batch is saved in a checkpoint", async () => {
    const model = new Weight(1);
    const [before, after] = [new GradientAccumulation(model, 2), new GradientAccumulation(model, 2)];
    before.add(grad(sum(mul(model.weight, 3)), [model.weight]));
    await realize();
    await through({ before }, { before: after });
    const [mean] = after.take(grad(sum(mul(model.weight, 5)), [model.weight]));
    expect(await mean!.array()).toEqual([4]);
  });

  test("refuses tensors that aren't gradients of the model", () => {
    const [model, stranger] = [new Weight(1), new Weight(1)];
    expect(() => new GradientAccumulation(model, 2).add(grad(sum(stranger.weight.read()), [stranger.weight]))).toThrow(
      GradientError,
    );
    expect(() => new GradientAccumulation(model, 0)).toThrow(ArgumentError);
  });
});

describe("an exponential moving average", () => {
  test("follows its recurrence, and starts at the first weights", async () => {
    const model = new Weight();
    const average = new ExponentialMovingAverage(model, { decay: 0.75 });
    let expected: number | undefined;
    for (const value of [8, 4, 6, -2]) {
      model.set(value);
      average.update();
      await realize();
      expected = expected === undefined ? value : 0.75 * expected + 0.25 * value;
      expect((await average.weights())["weight"]?.data[0]).toBe(expected);
    }
  });

  test("uses the weights after the update of the same step, compiled too", async () => {
    const model = new Weight(1);
    const optimizer = new Optimizer(model, sgd, { learningRate: 0.5 });
    const average = new ExponentialMovingAverage(model, { decay: 0.5 });
    const step = compile(() => {
      const loss = sum(square(model.weight));
      optimizer.update(grad(loss, model.parameters()));
      average.update();
      return loss;
    });
    await step(); // θ: 1 → 0, the average 0
    model.set(2);
    await step(); // θ: 2 → 0
    expect((await average.weights())["weight"]?.data[0]).toBe(0);
    model.set(2);
    average.update();
    await realize();
    expect((await average.weights())["weight"]?.data[0]).toBe(1);
  });

  test("is applied temporarily or permanently, and is part of a checkpoint", async () => {
    const model = new Weight(4);
    const [before, after] = [
      new ExponentialMovingAverage(model, { decay: 0.5 }),
      new ExponentialMovingAverage(model, { decay: 0.5 }),
    ];
    before.update();
    await realize();
    model.set(8);
    expect(await before.applied(() => model.value())).toBe(4);
    expect(await model.value()).toBe(8);
    await expect(before.applied(() => Promise.reject(new Error("in between")))).rejects.toThrow("in between");
    expect(await model.value()).toBe(8);
    await through({ before }, { before: after });
    after.update(); // the second: 0.5 · 4 + 0.5 · 8
    await realize();
    await after.apply();
    expect(await model.value()).toBe(6);
  });
});

describe("a checkpoint average", () => {
  test("is the mean of the last few weights, and part of a checkpoint", async () => {
    const model = new Weight();
    const [before, after] = [new CheckpointAverage(model, { last: 3 }), new CheckpointAverage(model, { last: 3 })];
    expect(() => before.weights()).toThrow(/nothing to average/);
    for (const value of [100, 1, 2]) {
      model.set(value);
      await before.add();
    }
    await through({ before }, { before: after });
    model.set(6);
    await after.add();
    expect(await after.applied(() => model.value())).toBe(3);
    expect([await model.value(), after.count]).toEqual([6, 3]);
    await after.apply();
    expect(await model.value()).toBe(3);
  });

  test("with `last: 1` keeps the best weights", async () => {
    const model = new Weight();
    const [best, stopping] = [new CheckpointAverage(model, { last: 1 }), new EarlyStopping({ patience: 2 })];
    for (const [value, loss] of [
      [1, 5],
      [2, 3],
      [3, 4],
      [4, 6],
    ] as const) {
      model.set(value);
      if (stopping.observe(loss)) await best.add();
    }
    await best.apply();
    expect([await model.value(), stopping.stopped]).toEqual([2, true]);
  });
});

describe("an evaluation", () => {
  const batches = [
    [1, 2],
    [3, 4],
    [5, 9],
  ].map((values) => ({ x: tensor(values) }));

  test("gives the mean of each figure over the batches, in evaluation mode", async () => {
    const model = new Dropout(0.5);
    const evaluate = evaluation(model, ({ x }: { x: Tensor }) => ({
      mean: mean(model.forward(x)),
      spread: sub(x, mean(x)).square().sum(),
    }));
    expect(await evaluate(batches)).toEqual({ mean: 4, spread: 3 });
    expect(await evaluate(batches, { most: 2 })).toEqual({ mean: 2.5, spread: 0.5 });
    expect(model.training).toBe(true);
  });

  test.each([2, 4])("is divided among %i processes, of which some may have no batch", async (size) => {
    const model = new Dropout(0.5);
    const measured: number[] = [];
    const sent: number[][] = [];
    for (let rank = 0; rank < size; rank++) {
      const sum = (values: Float32Array | Float64Array) => Promise.resolve(void sent.push([...values]));
      const evaluate = evaluation(
        model,
        ({ x }: { x: Tensor }) => {
          measured.push(rank);
          return { mean: mean(x), spread: sub(x, mean(x)).square().sum() };
        },
        { communicator: { ...alone, rank, size, sum } },
      );
      const own = await evaluate(batches);
      expect(own).toEqual({ mean: sent[rank]![0]! / 3, spread: sent[rank]![1]! / 3 });
    }
    expect(sent[0]!.map((_, i) => sent.reduce((total, values) => total + values[i]!, 0))).toEqual([12, 9]);
    if (size === 4) expect(sent[3]).toEqual([0, 0]);
    expect(new Set(measured).size).toBe(size);
  });

  test("stops between batches if asked to, and leaves the model in training mode", async () => {
    const model = new Dropout(0.5);
    const evaluate = evaluation(model, ({ x }: { x: Tensor }) => ({ mean: mean(x) }));
    let asked = 0;
    const beforeBatch = () => {
      if (++asked === 2) throw new Error("enough");
    };
    await expect(evaluate(batches, { beforeBatch })).rejects.toThrow("enough");
    expect(model.training).toBe(true);
    await expect(evaluate([])).rejects.toThrow(/there are no batches/);
  });
});

describe("groups by module", () => {
  class Two extends Module {
    readonly head = new Weight(0);
    readonly body = new Weight(0);
  }

  test("follow their own schedules", async () => {
    const model = new Two();
    const optimizer = new Optimizer(model, sgd, {
      learningRate: 1,
      groups: moduleGroups(model, { head: { learningRate: linear(0, 4, 4) } }),
    });
    for (let step = 0; step < 5; step++) {
      optimizer.update(grad(sum(model.head.weight).add(sum(model.body.weight)), model.parameters()));
      await realize();
    }
    // Gradients are 1, so that a weight falls by the sum of its learning rates: 0 + 1 + 2 + 3 + 4, and 5 times 1.
    expect([await model.head.value(), await model.body.value()]).toEqual([-10, -5]);
  });

  test("prefer the longer name, and refuse a name that the model lacks", () => {
    const model = new Two();
    const groups = moduleGroups(model, { head: { learningRate: 1 }, "head.weight": { learningRate: 2 } });
    expect(groups.find(({ where }) => where("head.weight", model.head.weight))?.learningRate).toBe(2);
    expect(() => moduleGroups(model, { haed: {} })).toThrow(/no parameters in "haed"\n {2}did you mean "head"\?/);
  });
});
