import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import {
  ArgumentError,
  attention,
  bernoulli,
  grad,
  key,
  mul,
  normal,
  RandomStream,
  ShapeError,
  sum,
  tensor,
  use,
} from "@ansatz/core";
import type { Tensor } from "@ansatz/core";
import { traceGraph } from "@ansatz/core/plugin";
import { checkGradient, expectClose, onEachBackend } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { attendInBlocks, MultiHeadAttention } from "./index.ts";

const [q, k, v, c] = key(1)
  .split(4)
  .map((own) => normal(own, [2, 3, 10, 4])) as [Tensor, Tensor, Tensor, Tensor];
const bias = normal(key(2), [3, 10, 10]);
const ofKeys = normal(key(7), [10]);
const mask = normal(key(3), [2, 1, 1, 10]).greater(-1);
const uneven = normal(key(4), [10, 10]).greater(-1);

await onEachBackend({ cpu, onnx }, (backend) => {
  beforeAll(async () => use(await backend()));

  test.each([
    ["plain", {}],
    ["causal", { causal: true }],
    ["with a bias", { bias }],
    ["with a bias of keys", { bias: ofKeys }],
    ["with a mask of keys", { mask }],
    ["with a mask of pairs, causal", { mask: uneven, causal: true }],
    ["with everything", { mask, bias, causal: true, scale: 0.3 }],
  ])("%s: results and gradients are those of attention", async (_name, options) => {
    for (const block of [1, 4, 5, 16]) {
      const targets = [q, k, v, ...("bias" in options ? [options.bias] : [])];
      const expected = attention(q, k, v, options);
      const found = attendInBlocks(q, k, v, { ...options, block });
      const [slopes, wanted] = [found, expected].map((y) => grad(sum(mul(y, c)), targets));
      await expectClose(found, expected, 1e-6);
      for (const [i, slope] of slopes!.entries()) await expectClose(slope, wanted![i]!, 1e-6);
    }
  });
});

describe("attention in blocks", () => {
  beforeAll(() => use(cpu()));

  test("gradients agree with finite differences, to the second order", async () => {
    const points = [q, k, v].map(async (x) => ({ shape: [5, 2], data: (await x.data()).slice(0, 10) }));
    const causal = (...xs: Tensor[]) => attendInBlocks(xs[0]!, xs[1]!, xs[2]!, { causal: true, block: 2 });
    await checkGradient(causal, await Promise.all(points), { order: 2 });
  });

  test("a row in which everything is masked has finite results and gradients, those of attention", async () => {
    const none = tensor([[false], ...Array.from({ length: 9 }, () => [true])]); // the first query sees nothing
    for (const causal of [true, false]) {
      const found = attendInBlocks(q, k, v, { mask: none, causal, block: 4 });
      const slopes = grad(sum(mul(found, c)), [q, k, v]);
      await expectClose(found, attention(q, k, v, { mask: none, causal }), 1e-6);
      for (const slope of slopes) expect((await slope.data()).every(Number.isFinite)).toBe(true);
    }
  });

  test("padding before a text is not looked at, and a query of padding does not look ahead", async () => {
    const padded = tensor([[[[false, false, false, ...Array<boolean>(7).fill(true)]]]]).reshape([1, 1, 1, 10]);
    const later = tensor(Float32Array.from({ length: 10 }, (_, i) => (i < 5 ? 0 : 1))).reshape([10, 1]);
    for (const attend of [attention, attendInBlocks]) {
      const options = { mask: padded, causal: true, block: 2 };
      const [found, changed] = [attend(q, k, v, options), attend(q, k, v.add(later), options)];
      await expectClose(found.slice([null, null, [0, 5]]), changed.slice([null, null, [0, 5]]), 1e-6);
      await expectClose(found, attention(q, k, v, options), 1e-6);
    }
  });

  test("values may have other features, and queries and keys other numbers", async () => {
    const [short, wide] = [normal(key(5), [2, 3, 7, 4]), normal(key(6), [2, 3, 10, 9])];
    await expectClose(attendInBlocks(short, k, wide, { block: 3 }), attention(short, k, wide), 1e-6);
    expect(() => attendInBlocks(short, k, wide, { causal: true })).toThrow(ShapeError);
    expect(() => attendInBlocks(q, k, v, { block: 0 })).toThrow(ArgumentError);
  });

  /** The largest number of elements of any one value, forward and backward, and of all exponentials together. */
  const sizes = async (time: number, attend: typeof attention): Promise<[largest: number, products: number]> => {
    const step = (x: Tensor) => {
      const y = attend(x, x, x, { causal: true });
      return [y, grad(sum(y), x)];
    };
    const { graph } = traceGraph(step, [{ shape: [time, 4], dtype: "float32" }], cpu());
    const numbers = graph.nodes
      .filter(({ dtype }) => dtype === "float32")
      .map(({ shape }) => shape.reduce((a, b) => a * b, 1));
    return [Math.max(...numbers), graph.nodes.filter(({ op }) => op === "matmul").length];
  };

  test("no value grows with the square of the length, and scores are computed twice", async () => {
    const inBlocks: typeof attention = (a, b, d, options) => attendInBlocks(a, b, d, { ...options, block: 8 });
    expect((await sizes(64, inBlocks))[0]).toBe(8 * 64); // the scores of a block
    expect((await sizes(64, attention))[0]).toBe(64 * 64);
    const [[, few], [, two]] = [await sizes(8, attention), await sizes(8, inBlocks)];
    expect(two).toBe(few + 1); // the product of queries and keys
  });

  test("in the backward pass a block begins when the one before is done", () => {
    const step = (x: Tensor) => grad(sum(attendInBlocks(x, x, x, { block: 8 })), x);
    const { nodes } = traceGraph(step, [{ shape: [32, 4], dtype: "float32" }], cpu()).graph;
    const needs = nodes.map(() => new Set<number>());
    nodes.forEach(({ inputs }, i) => inputs.forEach((j) => [j, ...needs[j]!].forEach((k) => needs[i]!.add(k))));
    const again = nodes.flatMap(({ op }, i) => (op === "exp" ? [i] : [])).slice(4); // after those of the result
    expect(again).toHaveLength(4);
    for (const [i, own] of again.entries()) expect([...needs[own]!]).toEqual(expect.arrayContaining(again.slice(0, i)));
  });

  // A result that is linear in the values is Σ v · its gradient.
  test("the backward pass drops the same weights", async () => {
    const factorsOf = (queries: number, keys: number) => bernoulli(random.next(), 0.5, [queries, keys]).mul(2);
    const random = new RandomStream(1);
    const loss = sum(mul(attendInBlocks(q, k, v, { block: 4, causal: true, factorsOf }), c));
    const slope = grad(loss, v);
    expect(await sum(slope.mul(v)).item()).toBeCloseTo(await loss.item(), 4);
    const whole = sum(mul(attendInBlocks(q, k, v, { block: 4, causal: true }), c));
    expect(await whole.item()).not.toBeCloseTo(await loss.item(), 2);
  });

  test("one tensor may be query, key and value", async () => {
    const [found, expected] = [attendInBlocks(q, q, q, { block: 4 }), attention(q, q, q)].map((y) =>
      grad(sum(mul(y, c)), q),
    );
    await expectClose(found!, expected!, 1e-6);
  });

  test.each([
    ["in training", {}, false],
    ["with ALiBi", { positions: "alibi" }, false],
    ["with dropped weights", { dropout: 0.1 }, true],
    ["evaluated, with dropout", { dropout: 0.1, training: false }, false],
  ] as const)("from 1,024 positions on MultiHeadAttention has blocks: %s", (_name, { ...options }, whole) => {
    const layer = new MultiHeadAttention(2, { heads: 1, ...options, random: 1 });
    if ("training" in options) layer.eval();
    const step = (x: Tensor) => grad(sum(layer.forward(x, { causal: true })), x);
    const largest = (time: number): number => {
      const { graph } = traceGraph(step, [{ shape: [1, time, 2], dtype: "float32" }], cpu());
      return Math.max(...graph.nodes.map(({ shape }) => shape.reduce((a, b) => a * b, 1)));
    };
    expect(largest(1_023)).toBe(1_023 ** 2);
    expect(largest(1_024) === 1_024 ** 2).toBe(whole);
    if (!whole) expect(largest(1_024)).toBe(256 * 1_024); // the scores of a block
  });
});

test("long sequences have the results and gradients of attention", async () => {
  await use(onnx());
  const layer = new MultiHeadAttention(4, { heads: 2, positions: "rotary", random: 1 });
  const plain = new PlainAttention(4, { heads: 2, positions: "rotary" });
  plain.loadStateDict(await layer.stateDict());
  const [x, own] = [normal(key(5), [1, 1_030, 4]), normal(key(6), [1, 1_030, 4])];
  const [found, wanted] = [layer, plain].map((one) => {
    const y = one.forward(x, { causal: true });
    return [y, ...Object.values(grad(sum(mul(y, own)), { x, ...Object.fromEntries(one.namedParameters()) }))];
  });
  for (const [i, one] of found!.entries()) await expectClose(one, wanted![i]!, 2e-5);
});

/** The whole matrix of scores at once, however large. */
class PlainAttention extends MultiHeadAttention {
  protected override mix(...[query, keys, values, options]: Parameters<MultiHeadAttention["mix"]>): Tensor {
    return attention(query, keys, values, options.causal === true ? { causal: true } : {});
  }
}
