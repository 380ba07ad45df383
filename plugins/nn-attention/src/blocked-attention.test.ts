import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, causalMask, key, normal, use, zeros, type Tensor } from "@ansatz/core";
import { MultiHeadAttention } from "@ansatz/nn";
import { expectClose } from "@ansatz/testkit";
import { beforeAll, expect, test } from "vitest";
import { BlockedAttention } from "./index.ts";

beforeAll(() => use(cpu()));

test.each([
  ["plain", {}],
  ["rotary positions", { positions: "rotary", rotaryBase: 100 }],
  ["ALiBi", { positions: "alibi" }],
  ["grouped queries", { keyValueHeads: 1 }],
  ["no biases", { bias: false }],
] as const)("the layer is MultiHeadAttention, with its weights: %s", async (_name, options) => {
  const exact = new MultiHeadAttention(8, { heads: 2, ...options, random: 1 });
  const blocked = new BlockedAttention(8, { heads: 2, ...options, block: 3 });
  blocked.loadStateDict(await exact.stateDict());
  const x = normal(key(7), [2, 7, 8]);
  for (const causal of [true, false])
    await expectClose(blocked.forward(x, { causal }), exact.forward(x, { causal }), 1e-6);
  const context = normal(key(8), [2, 4, 8]);
  await expectClose(blocked.forward(x, { context }), exact.forward(x, { context }), 1e-6);
  const pairs = { mask: causalMask(7), bias: normal(key(9), [7, 7]) };
  await expectClose(blocked.forward(x, pairs), exact.forward(x, pairs), 1e-6);
});

test("weights are dropped in training alone", async () => {
  const layer = new BlockedAttention(8, { heads: 2, block: 3, dropout: 0.5, random: 1 });
  const x = normal(key(7), [2, 7, 8]);
  const twice = async () => [await layer.forward(x).array(), await layer.forward(x).array()] as const;
  const [a, b] = await twice();
  expect(a).not.toEqual(b);
  layer.eval();
  const [d, e] = await twice();
  expect(d).toEqual(e);
  expect(
    await new BlockedAttention(2, { heads: 1, dropout: 0.5 })
      .eval()
      .forward(zeros([1, 3, 2]))
      .data(),
  ).toHaveLength(6);
});

test("each head and each sequence drops weights of its own", async () => {
  const layer = new BlockedAttention(4, { heads: 2, block: 4, dropout: 0.5, random: 1 });
  const [same, values] = [zeros([2, 2, 6, 2]), normal(key(1), [1, 1, 6, 2]).broadcastTo([2, 2, 6, 2])];
  type Mixing = { mix(...of: [Tensor, Tensor, Tensor, object]): Tensor };
  const mixed = (await (layer as unknown as Mixing).mix(same, same, values, {}).array()) as number[][][][];
  expect(mixed[0]![0]).not.toEqual(mixed[0]![1]);
  expect(mixed[0]![0]).not.toEqual(mixed[1]![0]);
  expect(mixed[0]![0]![0]).not.toEqual(mixed[0]![0]![1]);
});

test("the block must be a whole number", () => {
  for (const block of [0, 1.5]) expect(() => new BlockedAttention(8, { heads: 2, block })).toThrow(ArgumentError);
});
