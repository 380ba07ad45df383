import { cpu } from "@ansatz/backend-cpu";
import {
  ArgumentError,
  causalMask,
  div,
  elu,
  key,
  matmul,
  mul,
  normal,
  sum,
  transpose,
  use,
  where,
  zeros,
} from "@ansatz/core";
import type { Tensor } from "@ansatz/core";
import { traceGraph } from "@ansatz/core/plugin";
import { expectClose } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { LinearAttention, Performer, positiveFeatures } from "./index.ts";
import { onEveryBackend } from "./testing.ts";

/** The heads of a projection, [batch, heads, time, features]. */
const heads = (x: Tensor, count: number) => {
  const [batch, time, width] = x.shape as [number, number, number];
  return transpose(x.reshape([batch, time, count, width / count]), [0, 2, 1, 3]);
};

/** φ(Q) φ(K)ᵀ with the mask applied, normalized row by row, times V: the quadratic form. */
const quadratic = (φq: Tensor, φk: Tensor, v: Tensor, causal: boolean): Tensor => {
  const products = matmul(φq, transpose(φk));
  const weights = causal ? where(causalMask(φq.shape[2]!), products, 0) : products;
  return matmul(div(weights, sum(weights, -1, { keepDims: true })), v);
};

await onEveryBackend((backend) => {
  beforeAll(async () => use(await backend()));

  test.each([5, 64, 65, 150])("of %i positions, in chunks: the quadratic form", async (time) => {
    const x = normal(key(1), [2, time, 8]);
    const linear = new LinearAttention(8, { heads: 2, random: 1 });
    const performer = new Performer(8, { heads: 2, features: 6, positions: "rotary", random: 1 });
    for (const causal of [true, false]) {
      const [q, k, v] = [linear.query, linear.key, linear.value].map((own) => heads(own.forward(x), 2));
      const φ = (y: Tensor) => elu(y).add(1);
      const mixed = quadratic(φ(q!), φ(k!), v!, causal);
      const joined = linear.output.forward(transpose(mixed, [0, 2, 1, 3]).reshape(x.shape));
      await expectClose(linear.forward(x, { causal }), joined);
      const rotated = performer.keyValue(x);
      const queries = (performer as unknown as { queries(y: Tensor, position: number): Tensor }).queries(x, 0);
      const directions = performer.directions.read();
      const [φq, φk] = [positiveFeatures(queries, directions), positiveFeatures(rotated.key, directions)];
      const other = transpose(quadratic(φq, φk, rotated.value, causal), [0, 2, 1, 3]).reshape(x.shape);
      // c is left out here: it cancels, but for ε.
      await expectClose(performer.forward(x, { causal }), performer.output.forward(other), 2e-3);
    }
  });
});

describe("kernel attention", () => {
  beforeAll(() => use(cpu()));
  const make = { linear: LinearAttention, performer: Performer };

  test.each(["linear", "performer"] as const)("%s: what nothing can be seen of is 0, not NaN", async (name) => {
    const layer = new make[name](4, { heads: 1, bias: false, random: 1 });
    const mask = zeros([1, 1, 1, 3]).equal(1);
    for (const causal of [true, false])
      expect([...(await layer.forward(normal(key(1), [1, 3, 4]), { mask, causal }).data())]).toEqual(Array(12).fill(0));
  });

  test.each(["linear", "performer"] as const)("%s: no value grows with the square of the length", (name) => {
    const layer = new make[name](8, { heads: 1, random: 1 });
    const types = [{ shape: [1, 512, 8], dtype: "float32" as const }];
    for (const causal of [true, false]) {
      const { graph } = traceGraph((x) => layer.forward(x, { causal }), types, cpu());
      const sizes = graph.nodes.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
      expect(Math.max(...sizes)).toBeLessThanOrEqual(512 * 64); // chunks of 64 × 64
    }
  });

  test.each(["linear", "performer"] as const)("%s: what it cannot do is refused", (name) => {
    const layer = new make[name](4, { heads: 2 });
    const x = zeros([1, 3, 4]);
    expect(() => layer.forward(x, { bias: zeros([3, 3]) })).toThrow(/it cannot add a bias/);
    expect(() => layer.forward(x, { mask: causalMask(3) })).toThrow(/queries must share one/);
    expect(() => layer.forward(x, { mask: zeros([4]).equal(0) })).toThrow(/share one of 3 keys/);
    expect(() => new make[name](4, { heads: 2, positions: "alibi" })).toThrow(ArgumentError);
  });

  test("linear attention refuses rotary positions", () => {
    expect(() => new LinearAttention(4, { heads: 2, positions: "rotary" })).toThrow(/cannot be "rotary"/);
  });

  test("a context may have another length", async () => {
    const layer = new LinearAttention(4, { heads: 2, random: 1 });
    const [x, context] = [normal(key(1), [2, 3, 4]), normal(key(2), [2, 5, 4])];
    const φ = (y: Tensor) => elu(heads(y, 2)).add(1);
    const { query, key: keys, value } = layer;
    const mixed = quadratic(φ(query.forward(x)), φ(keys.forward(context)), heads(value.forward(context), 2), false);
    const expected = layer.output.forward(mul(transpose(mixed, [0, 2, 1, 3]), 1).reshape([2, 3, 4]));
    await expectClose(layer.forward(x, { context }), expected);
  });
});
