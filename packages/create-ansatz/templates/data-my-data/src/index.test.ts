import { cpu } from "@ansatz/backend-cpu";
import { key, takeAlongAxis, use } from "@ansatz/core";
import { beforeAll, expect, test } from "vitest";
import { myData } from "./index.ts";

beforeAll(() => use(cpu()));

test("the order sorts the numbers", async () => {
  const { input, order } = myData(key(1), { batch: 3, length: 8 });
  const sorted = (await takeAlongAxis(input, order, 1).array()) as number[][];
  for (const row of sorted) expect(row).toEqual(row.toSorted((a, b) => a - b));
});

test("the same key gives the same problems, and another key gives others", async () => {
  const numbers = async (seed: number) => myData(key(seed), { batch: 1, length: 4 }).input.array();
  expect(await numbers(1)).toEqual(await numbers(1));
  expect(await numbers(1)).not.toEqual(await numbers(2));
});
