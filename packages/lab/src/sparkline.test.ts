import { expect, test } from "vitest";
import { Sparkline } from "./sparkline.ts";

function drawn(values: Iterable<number>, width: number): string {
  const line = new Sparkline();
  for (const value of values) line.add(value);
  return line.draw(width);
}

test("the least value is the lowest block, the greatest the highest, and others are in between", () => {
  expect(drawn([0, 7, 3, 1, 4], 8)).toBe("▁█▄▂▅");
  expect(drawn([-1, -1.5, -2], 8)).toBe("█▅▁");
  expect(drawn([3, 3], 8)).toBe("▁▁");
  expect(drawn([], 8)).toBe("");
});

test("more values than blocks are averaged, and a value that is not finite is left out", () => {
  expect(drawn([8, 6, 0, 0, 4, 4], 3)).toBe("█▁▅");
  expect(drawn([7, NaN, Infinity, 0], 8)).toBe("█▁");
});

test("a long course is kept in little memory, and looks the same", () => {
  const falling = Array.from({ length: 100_000 }, (_, i) => -i);
  expect(drawn(falling, 8)).toBe("█▇▆▅▄▃▂▁");
});
