import { expect, test } from "vitest";
import { ActivationCheck } from "./activation-check.ts";
import { GradientCheck, type LayerGradient } from "./gradient-check.ts";
import { LossCheck } from "./loss-check.ts";

const layer = (gradient: number, more: Partial<LayerGradient> = {}): LayerGradient => ({
  name: "a",
  rank: 2,
  size: 100,
  gradient,
  weight: 1,
  ...more,
});

test("a gradient explodes if it is a hundred times its usual size, but not if it fluctuates", () => {
  const check = new GradientCheck();
  for (let step = 0; step < 40; step++) expect(check.check([layer(1 + (step % 7))])).toEqual([]);
  expect(check.check([layer(300)])).toEqual([]);
  const [found] = check.check([layer(1_000)]);
  expect(found).toMatchObject({ kind: "exploding gradient", where: "a" });
  expect(found!.message).toContain("times its usual 4");
});

test("a gradient vanishes if it stays far below the largest layer's; biases and single steps do not count", () => {
  const check = new GradientCheck();
  const small = [layer(1), layer(1e-7, { name: "b" }), layer(0, { name: "bias", rank: 1 })];
  for (let step = 0; step < 9; step++) expect(check.check(small)).toEqual([]);
  expect(check.check([layer(1), layer(1, { name: "b" })])).toEqual([]); // it recovers
  for (let step = 0; step < 9; step++) expect(check.check(small)).toEqual([]);
  expect(check.check(small)).toMatchObject([
    {
      kind: "vanishing gradient",
      where: "b",
      message: "for 10 steps its gradient has been 1e+7 times smaller than the largest layer's",
    },
  ]);
  const none = new GradientCheck();
  for (let step = 0; step < 9; step++) none.check([layer(1), layer(0, { name: "b" })]);
  expect(none.check([layer(1), layer(0, { name: "b" })])[0]!.message).toBe(
    "it has had no gradient at all for 10 steps",
  );
});

test("units are dead if most of a layer gives 0 for long; one active example is enough to be alive", () => {
  const check = new ActivationCheck();
  const relu = (...greatest: number[]) => check.check([{ kind: "relu", name: "r", greatest }]);
  for (let step = 0; step < 19; step++) expect(relu(0, 0, 0, 1)).toEqual([]);
  expect(relu(0, 0.1, 0, 1)).toEqual([]); // two of four
  for (let step = 0; step < 19; step++) expect(relu(0, 0, 0, 1)).toEqual([]);
  expect(relu(0, 0, 0, 1)).toMatchObject([
    { kind: "dead units", where: "r", message: expect.stringContaining("3 of its 4 ReLU units") as string },
  ]);
});

test("a layer is saturated if nearly all of its outputs stay at an end of the range", () => {
  const check = new ActivationCheck();
  const sigmoid = (saturated: number) => check.check([{ kind: "sigmoid", name: "s", saturated }]);
  for (let step = 0; step < 40; step++) expect(sigmoid(0.8)).toEqual([]);
  for (let step = 0; step < 19; step++) expect(sigmoid(0.95)).toEqual([]);
  expect(sigmoid(0.95)).toMatchObject([{ kind: "saturated units", where: "s" }]);
});

test("a loss is stuck if it has not fallen in 200 steps, even if it fluctuates; a slow one is not", () => {
  const stuck = new LossCheck();
  const found = Array.from({ length: 300 }, (_, step) => stuck.train(2.3 + 0.2 * Math.sin(step))).flat();
  expect(found).toMatchObject([
    {
      kind: "stuck loss",
      message: expect.stringMatching(/^the loss has not fallen in 200 steps: 2\.\d+ at first/) as string,
    },
  ]);
  const slow = new LossCheck();
  expect(
    Array.from({ length: 300 }, (_, step) => slow.train(2.3 - 2e-4 * step + 0.01 * Math.sin(step))).flat(),
  ).toEqual([]);
});

test("overfitting is a validation loss that rises three times in a row while the training loss falls", () => {
  const run = (validations: readonly number[], training: (epoch: number) => number) => {
    const check = new LossCheck();
    return validations.flatMap((validation, epoch) => {
      for (let step = 0; step < 10; step++) check.train(training(epoch));
      return check.validate(validation);
    });
  };
  const falling = (epoch: number) => 2 - 0.1 * epoch;
  expect(run([2, 1.8, 1.7, 1.75, 1.8, 1.9], falling)).toMatchObject([
    {
      kind: "overfitting",
      message: "the validation loss has risen from 1.700 to 1.900 while the training loss fell from 1.800 to 1.500",
    },
  ]);
  expect(run([2, 1.8, 1.7, 1.75, 1.69, 1.75, 1.71, 1.68], falling)).toEqual([]); // it fluctuates
  expect(run([2, 1.8, 1.7, 1.75, 1.8, 1.9], (epoch) => 2 + 0.1 * epoch)).toEqual([]); // both get worse: it diverges
  expect(run([2, 1.8, 1.7, 1.701, 1.702, 1.703, 1.704], falling)).toEqual([]); // too little
});
