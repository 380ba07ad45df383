import { expect, test } from "vitest";
import { tensor } from "./leaf.ts";
import { add, mul } from "../ops/elementwise/arithmetic.ts";
import { constant } from "../ops/family.ts";

test("equal expressions are one node among thousands, and different ones are not", () => {
  const x = tensor([1, 2]);
  const made = Array.from({ length: 5_000 }, (_, i) => add(x, i + 0.5));
  expect(new Set(made).size).toBe(5_000);
  for (const [i, node] of made.entries()) expect(add(x, i + 0.5)).toBe(node);
  expect(mul(x, 0.5)).not.toBe(made[0]);
  expect(add(x, -0)).not.toBe(add(x, 0));
});

test("attributes beyond those that are numbered at one time only cost a second node", () => {
  const first = constant(0.125, "float64");
  for (let i = 1; i <= 70_000; i++) constant(i + 0.25, "float64");
  const again = constant(0.125, "float64");
  expect(again.node.attributes).toEqual(first.node.attributes);
  expect(constant(0.125, "float64")).toBe(again);
});
