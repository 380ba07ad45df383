/** Programs in stages, with processes that are played by one: what the others send is known beforehand. */
import {
  alone,
  buffer,
  compile,
  DTypeError,
  exp,
  grad,
  integers,
  mapGradients,
  mean,
  meanOverRanks,
  memory,
  mul,
  parameter,
  realize,
  scan,
  ShapeError,
  shareOfRank,
  square,
  sub,
  sum,
  tensor,
  use,
  type Communicator,
  type Tensor,
} from "@ansatz/core";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { cpu } from "./index.ts";

beforeAll(() => use(cpu()));

let exchanges: number[][] = [];
beforeEach(() => (exchanges = []));

/** Rank 0 of 2. The other process has the same values, plus `more` at each place. */
const twin = (more: number): Communicator => ({
  spec: 1,
  name: "twin",
  rank: 0,
  size: 2,
  sum(values) {
    exchanges.push([...values]);
    for (let i = 0; i < values.length; i++) values[i] = 2 * values[i]! + more;
    return Promise.resolve();
  },
  broadcast: () => Promise.resolve(),
});

const numbers = async (x: Tensor) => [...(await x.data())];

describe("meanOverRanks", () => {
  test("is the mean over all processes, in one exchange for each dtype", async () => {
    const double = tensor([7], { dtype: "float64" });
    const means = meanOverRanks({ a: tensor([1, 2]), b: [tensor(5), double] }, twin(4));
    await realize(means);
    expect(await numbers(means.a)).toEqual([3, 4]);
    expect(await numbers(means.b[0]!)).toEqual([7]);
    expect(await numbers(means.b[1]!)).toEqual([9]);
    expect(means.b[1]!.dtype).toBe("float64");
    expect(exchanges).toEqual([[1, 2, 5], [7]]);
  });

  test("changes nothing with one process, and the gradients still belong to their parameters", async () => {
    const weight = parameter(tensor([1, -2]));
    const own = meanOverRanks(grad(sum(square(weight)), [weight]), alone);
    const others = meanOverRanks(grad(sum(square(weight)), [weight]), twin(0));
    for (const gradients of [own, others]) {
      expect(gradients[0]!.node.gradientOf).toBe(weight);
      expect(mapGradients(gradients, (g) => g)[0]!.node.gradientOf).toBe(weight);
    }
    expect(await numbers(own[0]!)).toEqual([2, -4]);
    expect(await numbers(others[0]!)).toEqual([2, -4]);
  });

  test("what is computed before and after it is computed once, with one exchange after the other", async () => {
    const x = tensor([1, 2, 3]);
    const first = meanOverRanks([exp(x)], twin(2))[0]!; // eˣ + 1
    const second = meanOverRanks([mul(first, x)], twin(-2))[0]!; // x (eˣ + 1) − 1
    const [before, after] = [sum(exp(x)), sum(second)];
    await realize(before, after);
    const powers = [1, 2, 3].map((value) => Math.exp(value));
    expect(await before.item()).toBeCloseTo(
      powers.reduce((a, b) => a + b),
      4,
    );
    const expected = powers.map((power, i) => (i + 1) * (power + 1) - 1).reduce((a, b) => a + b);
    expect(await after.item()).toBeCloseTo(expected, 4);
    expect(exchanges).toHaveLength(2);
  });

  test("constants can be exchanged", async () => {
    const weight = parameter(tensor([1, 2]));
    const gradients = meanOverRanks(grad(sum(weight), [weight]), twin(4)); // ones, which no leaf is in
    expect(await numbers(gradients[0]!)).toEqual([3, 3]);
  });

  test.each(["compiled", "recorded anew"])("updates, %s, read what they need before it changes", async (how) => {
    const weight = parameter(tensor([4]));
    const [seen, last] = [buffer(tensor([0])), buffer(tensor([0]))];
    const body = (x: Tensor) => {
      const loss = mean(square(sub(mul(weight, x), 1)));
      const [gradient] = meanOverRanks(grad(loss, [weight]), twin(2));
      seen.assign(seen.read().add(1)); // of the first stage, but read in the second
      last.assign(weight.read()); // the weight before its update
      weight.assign(sub(weight, mul(gradient!, mul(seen.read(), 0.1))));
      return loss;
    };
    const step = how === "compiled" ? compile(body) : body;
    let [expected, before] = [4, 0];
    for (let count = 1; count <= 3; count++) {
      const loss = await step(tensor([2]));
      await realize(loss);
      expect(await loss.item()).toBeCloseTo((2 * expected - 1) ** 2, 3);
      [before, expected] = [expected, expected - (4 * (2 * expected - 1) + 1) * 0.1 * count];
      expect((await last.data())[0]).toBeCloseTo(before, 3);
      expect((await weight.data())[0]).toBeCloseTo(expected, 3);
      expect((await seen.data())[0]).toBe(count);
    }
  });

  test("no step leaves anything behind", async () => {
    const weight = parameter(tensor([1, 2, 3]));
    const step = compile((x: Tensor) => {
      const loss = sum(square(mul(weight, x)));
      const [gradient] = meanOverRanks(grad(loss, [weight]), twin(0));
      weight.assign(sub(weight, mul(gradient!, 0.01)));
      return loss;
    });
    const held: number[] = [];
    for (let i = 0; i < 6; i++) {
      const loss = await step(tensor([1, 2, 3]));
      await loss.item();
      loss.dispose();
      held.push(memory().buffers);
    }
    expect(new Set(held.slice(1)).size).toBe(1);
  });

  test("refuses whole numbers, and to be called inside a scan", async () => {
    expect(() => meanOverRanks([integers([1])], twin(0))).toThrow(DTypeError);
    const inside = (state: Tensor, x: Tensor): [Tensor, Tensor] => {
      const [next] = meanOverRanks([state.add(x)], twin(0));
      return [next!, next!];
    };
    const [, all] = scan(inside, tensor(0), tensor([1, 2]));
    await expect(all.data()).rejects.toThrow("meanOverRanks: processes cannot exchange values inside a scan");
  });
});

describe("shareOfRank", () => {
  const of = (rank: number, size: number): Communicator => ({ ...alone, rank, size });
  const batch = {
    x: tensor([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ]),
    y: [integers([1, 2, 3, 4])],
  };

  test("gives each rank as many rows, in order, and all of them to one process", async () => {
    const rows = async (rank: number, size: number) => {
      const { x, y } = shareOfRank(batch, of(rank, size));
      return [await numbers(x), await numbers(y[0]!)];
    };
    expect(await rows(0, 1)).toEqual([
      [1, 2, 3, 4, 5, 6, 7, 8],
      [1, 2, 3, 4],
    ]);
    expect(await rows(0, 2)).toEqual([
      [1, 2, 3, 4],
      [1, 2],
    ]);
    expect(await rows(3, 4)).toEqual([[7, 8], [4]]);
  });

  test("refuses rows that cannot be divided", () => {
    expect(() => shareOfRank(batch, of(0, 3))).toThrow(
      /\[4,2\] cannot be divided among 3 processes\n {2}choose a batch/,
    );
    expect(() => shareOfRank(tensor(1), of(0, 2))).toThrow(ShapeError);
  });
});
