import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, iota, key, normal, ShapeError, use, zeros, type Tensor } from "@ansatz/core";
import { MultiHeadAttention, paddingMask } from "@ansatz/nn";
import { expectClose } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { LocalAttention } from "./index.ts";
import { onEveryBackend } from "./testing.ts";

/** True where the window or a sink is: i − j < window and j ≤ i, or |i − j| < window if it is not causal. */
function band(time: number, window: number, sinks: number, causal: boolean): Tensor {
  const [i, j] = [iota(time).reshape([time, 1]), iota(time)];
  const near = i.sub(j).abs().less(window).or(j.less(sinks));
  return causal ? near.and(j.lessEqual(i)) : near;
}

await onEveryBackend((backend) => {
  beforeAll(async () => use(await backend()));

  test.each([
    [10, 3, 0, "none"],
    [9, 3, 2, "none"],
    [10, 4, 5, "none"], // sinks within the first windows
    [7, 1, 1, "none"],
    [5, 9, 7, "none"], // all of the sequence
    [11, 4, 2, "rotary"],
  ] as const)("time %i, window %i, %i sinks, positions %s: full attention with a band as its mask", async (...row) => {
    const [time, window, sinks, positions] = row;
    const options = { heads: 2, keyValueHeads: 1, ...(positions === "rotary" && { positions }) };
    const local = new LocalAttention(8, { ...options, window, sinks, random: 1 });
    const full = new MultiHeadAttention(8, options);
    full.loadStateDict(await local.stateDict());
    const x = normal(key(1), [2, time, 8]);
    const padding = paddingMask(iota(2).add(time - 1), time);
    for (const causal of [true, false]) {
      const mask = band(time, window, sinks, causal);
      await expectClose(local.forward(x, { causal }), full.forward(x, { mask }), 1e-6);
      const padded = local.forward(x, { causal, mask: padding });
      await expectClose(padded, full.forward(x, { mask: mask.and(padding) }), 1e-6);
    }
  });
});

describe("local attention", () => {
  beforeAll(() => use(cpu()));

  test("the cache holds the sinks and the window, and no more", async () => {
    const layer = new LocalAttention(4, { heads: 1, window: 3, sinks: 2, positions: "rotary", random: 1 });
    const x = normal(key(1), [1, 12, 4]);
    const expected = layer.forward(x, { causal: true });
    let cache = layer.begin(1, 1_000, "float32");
    for (let at = 0; at < 12; at++) {
      const [y, next] = layer.step(
        x.slice([null, [at, at + 1]]),
        iota(at + 1)
          .slice([[at, at + 1]])
          .reshape([]),
        cache,
      );
      await expectClose(y, expected.slice([null, [at, at + 1]]));
      cache = next;
    }
    expect(cache.key.shape).toEqual([1, 1, 5, 4]);
    expect(layer.begin(1, 4, "float32").key.shape).toEqual([1, 1, 4, 4]);
  });

  test("a mask for all keys at once counts for each of them", async () => {
    const layer = new LocalAttention(8, { heads: 2, window: 2, random: 1 });
    const x = normal(key(1), [2, 5, 8]);
    const whole = layer.forward(x, { causal: true });
    const mask = zeros([2, 1, 1, 1]).equal(0);
    await expectClose(layer.forward(x, { causal: true, mask }), whole, 1e-6);
  });

  test("weights are dropped in training alone", async () => {
    const layer = new LocalAttention(8, { heads: 2, window: 3, dropout: 0.5, random: 1 });
    const x = normal(key(1), [1, 6, 8]);
    const twice = async () => [await layer.forward(x).array(), await layer.forward(x).array()] as const;
    const [a, b] = await twice();
    expect(a).not.toEqual(b);
    layer.eval();
    const [c, d] = await twice();
    expect(c).toEqual(d);
  });

  test("what it cannot do is refused", () => {
    const make = (options: object) => new LocalAttention(8, { heads: 2, window: 2, ...options });
    for (const options of [{ window: 0 }, { window: 1.5 }, { sinks: -1 }, { positions: "alibi" }])
      expect(() => make(options)).toThrow(ArgumentError);
    const x = zeros([1, 3, 8]);
    expect(() => make({}).forward(x, { bias: zeros([3, 3]) })).toThrow(/LocalAttention: it cannot add a bias/);
    expect(() => make({}).forward(x, { mask: zeros([3, 3]).equal(0) })).toThrow(/queries must share one/);
    expect(() => make({}).forward(x, { context: zeros([1, 4, 8]) })).toThrow(ShapeError);
  });
});
