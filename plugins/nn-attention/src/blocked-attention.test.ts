import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, causalMask, key, normal, use, zeros } from "@ansatz/core";
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

test("the block must be a whole number", () => {
  const layer = new BlockedAttention(8, { heads: 2, block: 0 });
  expect(() => layer.forward(zeros([1, 3, 8]))).toThrow(ArgumentError);
});
