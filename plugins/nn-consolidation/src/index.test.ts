import {
  add,
  ArgumentError,
  compile,
  grad,
  integers,
  key,
  Module,
  mul,
  normal,
  Optimizer,
  parameter,
  square,
  sub,
  sum,
  tensor,
  use,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import { cpu } from "@ansatz/backend-cpu";
import { crossEntropy, Linear, Sequential } from "@ansatz/nn";
import { sgd } from "@ansatz/optim";
import { beforeAll, describe, expect, test } from "vitest";
import { ElasticWeightConsolidation } from "./index.ts";
import { onEveryBackend } from "./testing.ts";

/** Two numbers. */
class Pair extends Module {
  readonly weight: Parameter = parameter(tensor([1, -2]));
}

/** (a · θ)², whose gradients are 2 (a · θ) a. */
const lossOf = (model: Pair) => (a: Tensor) => square(sum(mul(model.weight.read(), a)));

await onEveryBackend((create) => {
  beforeAll(async () => use(await create()));

  test("the penalty is ½ Σ F (θ − θ*)², with F the mean of the squared gradients", async () => {
    const model = new Pair();
    const consolidation = new ElasticWeightConsolidation(model);
    expect(await consolidation.penalty().item()).toBe(0);
    // a · θ is 1 and −4, so the gradients are [2, 0] and [−16, −24].
    await consolidation.consolidate([tensor([1, 0]), tensor([2, 3])], lossOf(model));
    const F = [(2 ** 2 + 16 ** 2) / 2, 24 ** 2 / 2];
    expect(await consolidation.importance["weight"]!.read().array()).toEqual(F);
    model.weight.load(Float32Array.of(2, -2.5));
    expect(await consolidation.penalty().item()).toBe(0.5 * (F[0]! * 1 ** 2 + F[1]! * 0.5 ** 2));
    expect(await grad(consolidation.penalty(), model.weight).array()).toEqual([F[0], -F[1]! / 2]);
  });

  test("a second task moves θ*, and adds to what is left of F", async () => {
    const model = new Pair();
    const consolidation = new ElasticWeightConsolidation(model, { decay: 0.25 });
    await consolidation.consolidate([tensor([1, 0])], lossOf(model));
    model.weight.load(Float32Array.of(3, 5));
    await consolidation.consolidate([tensor([0, 1])], lossOf(model));
    expect(await consolidation.importance["weight"]!.read().array()).toEqual([0.25 * 4, 100]);
    expect(await consolidation.anchors["weight"]!.read().array()).toEqual([3, 5]);
    expect(await consolidation.penalty().item()).toBe(0);
  });

  test("training with the penalty ends where ½ (θ − b)² + λ/2 F (θ − a)² is least", async () => {
    const model = new Pair();
    const consolidation = new ElasticWeightConsolidation(model);
    await consolidation.consolidate([tensor([0.5, 0])], lossOf(model)); // F is [1/4, 0]
    const optimizer = new Optimizer(model, sgd, { learningRate: 0.1 });
    const step = compile(() => {
      const task = mul(sum(square(sub(model.weight.read(), tensor([5, 5])))), 0.5);
      const loss = add(task, mul(12, consolidation.penalty()));
      optimizer.update(grad(loss, model.parameters()));
      return loss;
    });
    for (let i = 0; i < 200; i++) await step();
    const [first, second] = (await model.weight.read().array()) as [number, number];
    expect(first).toBeCloseTo((5 + 12 * 0.25 * 1) / (1 + 12 * 0.25), 5);
    expect(second).toBeCloseTo(5, 5); // nothing depends on it, so it is free
  });
});

describe("with a model of nn", () => {
  beforeAll(async () => use(cpu()));

  test("θ* and F are part of its state, and come back", async () => {
    const model = new Linear(3, 2, { random: 1 });
    const consolidation = new ElasticWeightConsolidation(model);
    const examples = Array.from({ length: 4 }, (_, i) => normal(key(i), [1, 3]));
    await consolidation.consolidate(examples, (x) => crossEntropy(model.forward(x), integers([1])));
    const copy = new ElasticWeightConsolidation(model);
    copy.loadStateDict(await consolidation.stateDict());
    model.weight.load(new Float32Array(6));
    const penalty = await consolidation.penalty().item();
    expect(penalty).toBeGreaterThan(0);
    expect(await copy.penalty().item()).toBe(penalty);
  });

  test("frozen weights are left out, and mistakes are clear errors", async () => {
    const last = new Linear(3, 2, { random: 1 });
    const model = new Sequential(new Linear(3, 3, { random: 1 }).freeze(), last);
    expect(new ElasticWeightConsolidation(model).parameterCount()).toBe(0); // it has only buffers
    expect(Object.keys(new ElasticWeightConsolidation(model).anchors)).toHaveLength(2);
    last.freeze();
    expect(() => new ElasticWeightConsolidation(model)).toThrow(/no trainable parameters\n {2}unfreeze/);
    last.unfreeze();
    expect(() => new ElasticWeightConsolidation(model, { decay: 2 })).toThrow(/decay is 2\n {2}use a number from 0/);
    const consolidation = new ElasticWeightConsolidation(model);
    await expect(consolidation.consolidate([], () => tensor(0))).rejects.toThrow(ArgumentError);
  });

  test("a loss that throws leaves θ* and F as they were", async () => {
    const model = new Pair();
    const consolidation = new ElasticWeightConsolidation(model, { decay: 0.25 });
    await consolidation.consolidate([tensor([1, 0])], lossOf(model));
    model.weight.load(Float32Array.of(3, 5));
    const failing = () => {
      throw new RangeError("no");
    };
    await expect(consolidation.consolidate([tensor(1)], failing)).rejects.toThrow(RangeError);
    expect(await consolidation.importance["weight"]!.read().array()).toEqual([4, 0]);
    expect(await consolidation.anchors["weight"]!.read().array()).toEqual([1, -2]);
  });
});
