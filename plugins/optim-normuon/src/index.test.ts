import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import {
  ArgumentError,
  compile,
  grad,
  key,
  mul,
  normal,
  Optimizer,
  parameter,
  realize,
  square,
  sub,
  sum,
  use,
  zeros,
  type Parameter,
} from "@ansatz/core";
import { expectEndurance, followPath, testUpdateRule } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { normuon, normuonWith } from "./index.ts";
import { onEveryBackend, paths, recorded } from "./testing.ts";

const paper = normuonWith({ adjustment: "matchRmsAdamw", nesterov: false });
const makers: Readonly<Record<string, (own: Parameter) => Optimizer>> = {
  plain: (own) => new Optimizer([own], normuon, { learningRate: 0.05 }),
  recipe: (own) =>
    new Optimizer([own], normuonWith({ nesterov: false }), {
      learningRate: 0.05,
      momentum: 0.9,
      beta2: 0.8,
      weightDecay: 0.1,
    }),
  matched: (own) => new Optimizer([own], paper, { learningRate: 0.05, weightDecay: 0.1 }),
};
const makerOf = (path: string) => makers[path.split("/")[0]!]!;
const shapes = [
  [3, 4],
  [5, 2],
  [1, 6],
];

await onEveryBackend((create) => {
  for (const rule of [normuon, paper]) testUpdateRule(rule, create, { shapes, learningRate: 0.05 });

  describe("20 steps are those of PyTorch", () => {
    beforeAll(async () => use(await create()));
    test.each(paths)("%s", (path) => followPath(recorded, path, makerOf(path), { tolerance: 1e-5 }));
  });
});

describe("in float64", () => {
  beforeAll(() => use(cpu()));

  test.each(paths)("%s", (path) => followPath(recorded, path, makerOf(path), { tolerance: 1e-12, dtype: "float64" }));

  test("after the first step every row has moved by the same length, which Muon's rows have not", async () => {
    const own = parameter(zeros([6, 4]));
    const optimizer = new Optimizer([own], paper, { learningRate: 1 });
    optimizer.update(grad(sum(mul(own, normal(key(3), [6, 4]))), [own]));
    await realize();
    const values = await own.data();
    for (let row = 0; row < 6; row++)
      expect(Math.hypot(...values.slice(4 * row, 4 * row + 4))).toBeCloseTo(0.2 * Math.sqrt(4), 5);
  });
});

test("10,000 steps compile nothing again and keep no memory", async () => {
  await use(await onnx());
  const own = parameter(normal(key(1), [8, 4]));
  const optimizer = new Optimizer([own], normuon, { learningRate: 1e-3 });
  const step = compile(() => {
    const loss = sum(square(sub(own, 1)));
    optimizer.update(grad(loss, [own]));
    return loss;
  });
  await expectEndurance(async () => (await step()).item());
});

test("an unknown adjustment and parameters that are no matrices are refused", () => {
  expect(() => normuonWith({ adjustment: "toString" as "original" })).toThrow(/use one of original, matchRmsAdamw/);
  const make = () => new Optimizer([parameter(zeros([3]))], normuon, { learningRate: 1 });
  expect(make).toThrow(ArgumentError);
  expect(make).toThrow("normuon: a parameter is [3], but normuon is for matrices\n  give it a group with another rule");
});
