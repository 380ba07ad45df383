import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, key, use, type Tensor } from "@ansatz/core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  addition,
  copying,
  keyValueFacts,
  shortestTour,
  sorting,
  spirals,
  tourLength,
  travellingSalesman,
  type Columns,
} from "./index.ts";

beforeAll(() => use(cpu()));

/** All examples, each column as rows. */
async function all<Name extends string>(examples: Columns<Name>): Promise<Record<Name, number[][]>> {
  const batch = examples.batch(Int32Array.from({ length: examples.length }, (_, i) => i));
  const rows = async (x: Tensor) => {
    const data = [...(await x.data())];
    const size = data.length / examples.length;
    return Array.from({ length: examples.length }, (_, i) => data.slice(i * size, (i + 1) * size));
  };
  return Object.fromEntries(
    await Promise.all(Object.entries<Tensor>(batch).map(async ([name, x]) => [name, await rows(x)] as const)),
  ) as Record<Name, number[][]>;
}

test("sorting: the order lists the numbers from the smallest", async () => {
  const { input, order } = await all(sorting(key(1), { count: 50, length: 6 }));
  for (const [i, places] of order.entries())
    expect(places.map((place) => input[i]![place]!)).toEqual(input[i]!.toSorted((a, b) => a - b));
});

test("copying: the symbols at the start come again after the marker", async () => {
  const { input, target } = await all(copying(key(2), { count: 20, length: 4, delay: 5, symbols: 3 }));
  for (const [i, row] of input.entries()) {
    expect(row.slice(4)).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0]);
    expect(row.slice(0, 4).every((symbol) => symbol >= 2 && symbol < 5)).toBe(true);
    expect(target[i]).toEqual([...Array.from({ length: 9 }, () => 0), ...row.slice(0, 4)]);
  }
  expect(new Set(input.flatMap((row) => row.slice(0, 4))).size).toBe(3);
});

test("addition: the target is the sum of the two marked numbers; answering 1 has an error of 1/6", async () => {
  const { input, target } = await all(addition(key(3), { count: 4000, length: 10 }));
  for (const [i, row] of input.entries()) {
    const marked = Array.from({ length: 10 }, (_, place) => place).filter((place) => row[2 * place + 1] === 1);
    expect(marked).toHaveLength(2);
    expect(marked[0]).toBeLessThan(5);
    expect(marked[1]).toBeGreaterThanOrEqual(5);
    expect(row[2 * marked[0]!]! + row[2 * marked[1]!]!).toBeCloseTo(target[i]![0]!, 6);
  }
  expect(target.reduce((total, [sum]) => total + (sum! - 1) ** 2, 0) / target.length).toBeCloseTo(1 / 6, 2);
});

test("spirals: without noise each point lies on its arm", async () => {
  const { point, label } = await all(spirals(key(4), { count: 60, arms: 3, noise: 0 }));
  for (const [i, [x, y]] of point.entries()) {
    const radius = Math.hypot(x!, y!);
    const angle = 3 * Math.PI * radius + (2 * Math.PI * label[i]![0]!) / 3;
    expect(x).toBeCloseTo(radius * Math.cos(angle), 4);
    expect(y).toBeCloseTo(radius * Math.sin(angle), 4);
  }
});

test("facts: no key occurs twice, and the answer is the value after the key", async () => {
  const { input, target } = await all(keyValueFacts(key(5), { count: 100, pairs: 4, keys: 6, values: 3 }));
  for (const [i, row] of input.entries()) {
    const facts = new Map([0, 1, 2, 3].map((pair) => [row[2 * pair]!, row[2 * pair + 1]!]));
    expect(facts.size).toBe(4);
    expect(facts.get(row[8]!)).toBe(target[i]![0]);
    expect([...facts.values()].every((value) => value >= 6 && value < 9)).toBe(true);
  }
});

describe("the travelling salesman", () => {
  function permutationsOf(items: readonly number[]): number[][] {
    return items.length < 2
      ? [[...items]]
      : items.flatMap((first) =>
          permutationsOf(items.filter((item) => item !== first)).map((rest) => [first, ...rest]),
        );
  }

  test("exact tours are as short as the best of all tours", async () => {
    const { points, tour } = await all(travellingSalesman(key(6), { count: 10, places: 7 }));
    for (const [i, own] of points.entries()) {
      const best = Math.min(...permutationsOf([1, 2, 3, 4, 5, 6]).map((rest) => tourLength(own, [0, ...rest])));
      expect(tourLength(own, tour[i]!)).toBeCloseTo(best, 6);
      expect(tour[i]!.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6]);
      expect(tour[i]![0]).toBe(0);
      expect(tour[i]![1]!).toBeLessThan(tour[i]!.at(-1)!);
    }
  });

  test("few places have one tour, and too many are refused", () => {
    expect([...shortestTour([0, 0, 1, 1])]).toEqual([0, 1]);
    expect([...shortestTour([0, 0, 1, 0, 0, 1])]).toEqual([0, 1, 2]);
    expect(() => shortestTour(new Float32Array(34))).toThrow(/17 places/);
  });

  test("five random places have a tour of the length that the paper's Table 2 gives", async () => {
    const { points, tour } = await all(travellingSalesman(key(7), { count: 2000, places: 5 }));
    const mean = points.reduce((total, own, i) => total + tourLength(own, tour[i]!), 0) / 2000;
    expect(mean).toBeCloseTo(2.12, 1);
  });
});

test("invalid counts are refused, and the key decides everything", async () => {
  expect(() => sorting(key(1), { count: 0, length: 3 })).toThrow(ArgumentError);
  expect(() => addition(key(1), { count: 1, length: 1 })).toThrow(/length - 1 is 0/);
  expect(() => keyValueFacts(key(1), { count: 1, pairs: 3, keys: 2 })).toThrow(ArgumentError);
  const draw = async (seed: number) => (await all(spirals(key(seed), { count: 5 }))).point;
  expect(await draw(1)).toEqual(await draw(1));
  expect(await draw(1)).not.toEqual(await draw(2));
});
