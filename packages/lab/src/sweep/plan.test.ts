import { expect, test } from "vitest";
import { UsageError } from "../settings.ts";
import { parseAxis } from "./axes.ts";
import { drawsOf, gridOf } from "./plan.ts";
import swept from "../testing/swept-experiment.ts";

const axis = (flag: string, text: string) => parseAxis(swept.settings, flag, text);

test("values are a list, whole numbers or a range", () => {
  expect(axis("learning-rate", "1e-4,3e-4,0.001")).toEqual({ name: "learningRate", values: [1e-4, 3e-4, 1e-3] });
  expect(axis("seed", "1..3")).toEqual({ name: "seed", values: [1, 2, 3] });
  expect(axis("seed", "7,1..3,2")).toEqual({ name: "seed", values: [7, 1, 2, 3] });
  expect(axis("optimizer", "adamw,lion,a~b,1..3")).toEqual({
    name: "optimizer",
    values: ["adamw", "lion", "a~b", "1..3"],
  });
  expect(axis("fails", "true,false")).toEqual({ name: "fails", values: [true, false] });
  expect(axis("learning-rate", "1e-5~1e-2")).toEqual({
    name: "learningRate",
    low: 1e-5,
    high: 1e-2,
    scale: "logarithmic",
    whole: false,
  });
  expect(axis("dropout", "0:0.5")).toEqual({ name: "dropout", low: 0, high: 0.5, scale: "uniform", whole: false });
  expect(axis("width", "4~64")).toEqual({ name: "width", low: 4, high: 64, scale: "logarithmic", whole: true });
});

test("invalid values are refused, with a way to fix them", () => {
  expect(() => axis("learnig-rate", "1")).toThrow(/did you mean --learning-rate\?/);
  expect(() => axis("learning-rate", "1e-4,fast")).toThrow(UsageError);
  expect(() => axis("width", "4~100")).toThrow(/--width cannot be "100"/);
  expect(() => axis("width", "64~4")).toThrow(/64 is not below 4/);
  expect(() => axis("dropout", "0~0.5")).toThrow(/0 is not above 0\n {2}use 0:0.5 for a uniform draw/);
  expect(() => axis("seed", "3..1")).toThrow(/--seed 3..1 is empty/);
  expect(() => axis("seed", "1..99999999")).toThrow(/more than 10,000/);
  expect(() => gridOf([axis("learning-rate", "1e-5~1e-2")])).toThrow(
    /list its values, or draw from it: --search random --trials N/,
  );
  expect(() => gridOf([axis("seed", "1..200"), axis("width", "1..64")])).toThrow(/more than 10,000 runs/);
});

test("a grid is every combination, and the last axis changes fastest", () => {
  expect(gridOf([axis("learning-rate", "1,2"), axis("seed", "1..2")])).toEqual([
    { learningRate: 1, seed: 1 },
    { learningRate: 1, seed: 2 },
    { learningRate: 2, seed: 1 },
    { learningRate: 2, seed: 2 },
  ]);
});

test("draws follow the scale of their range, repeat for the same seed, and come with every seed of the runs", () => {
  const axes = [
    axis("learning-rate", "1e-5~1e-1"),
    axis("dropout", "0:0.5"),
    axis("width", "1:4"),
    axis("optimizer", "adamw,lion"),
  ];
  const points = drawsOf(axes, 4_000, 1);
  const share = (holds: (point: (typeof points)[number]) => boolean) => points.filter(holds).length / points.length;
  expect(share((point) => (point["learningRate"] as number) < 1e-3)).toBeCloseTo(0.5, 1); // half of the decades
  expect(share((point) => (point["learningRate"] as number) < 1e-4)).toBeCloseTo(0.25, 1);
  expect(share((point) => (point["dropout"] as number) < 0.125)).toBeCloseTo(0.25, 1);
  expect(share((point) => point["optimizer"] === "lion")).toBeCloseTo(0.5, 1);
  for (const width of [1, 2, 3, 4]) expect(share((point) => point["width"] === width)).toBeCloseTo(0.25, 1);
  expect(
    points.every(
      ({ learningRate, dropout }) =>
        (learningRate as number) >= 1e-5 &&
        (learningRate as number) <= 1e-1 &&
        (dropout as number) >= 0 &&
        (dropout as number) <= 0.5,
    ),
  ).toBe(true);
  expect(drawsOf(axes, 3, 1)).toEqual(points.slice(0, 3));
  expect(drawsOf(axes, 3, 2)).not.toEqual(points.slice(0, 3));
  const seeded = drawsOf([axis("learning-rate", "1e-5~1e-1"), axis("seed", "1..3")], 2, 1);
  expect(seeded.map(({ seed }) => seed)).toEqual([1, 2, 3, 1, 2, 3]);
  expect(new Set(seeded.map(({ learningRate }) => learningRate)).size).toBe(2);
});
