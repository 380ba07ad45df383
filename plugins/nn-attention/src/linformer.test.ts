import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, causalMask, key, normal, ShapeError, use, zeros } from "@ansatz/core";
import { MultiHeadAttention, TransformerEncoder, TransformerLM } from "@ansatz/nn";
import { expectClose } from "@ansatz/testkit";
import { beforeAll, expect, test } from "vitest";
import { Linformer, linformer } from "./index.ts";

beforeAll(() => use(cpu()));

const identity = (n: number) => Float32Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));

test("with the identity as its projections it is full attention", async () => {
  const full = new MultiHeadAttention(8, { heads: 2, random: 1 });
  const layer = new Linformer(8, { heads: 2, length: 5, projected: 5 });
  layer.loadStateDict(await full.stateDict(), { strict: false });
  for (const own of [layer.keyProjection, layer.valueProjection]) own.load(identity(5));
  const x = normal(key(1), [2, 5, 8]);
  await expectClose(layer.forward(x), full.forward(x), 1e-6);
});

test("each way of sharing has its parameters, and values keep a projection of their own", () => {
  const options = { heads: 2, length: 7, projected: 3, bias: false } as const;
  const count = (extra: object) => new Linformer(8, { ...options, ...extra }).parameterCount() - 4 * 64;
  expect(count({})).toBe(2 * 21);
  expect(count({ sharing: "none" })).toBe(2 * 2 * 21);
  expect(count({ sharing: "keyValue" })).toBe(21);
  // With E = F keys and values still have their own weights, which linformer's share_kv leaves out.
  const names = [...new Linformer(8, { ...options, sharing: "keyValue" }).namedParameters().keys()];
  expect(names).toEqual(["query.weight", "key.weight", "value.weight", "output.weight", "keyProjection"]);
});

test("layers may share one projection", () => {
  const { keyProjection: projection } = new Linformer(8, { heads: 2, length: 7, projected: 3 });
  const own = { length: 7, projected: 3 };
  const parameters = (attention: ReturnType<typeof linformer>) =>
    new TransformerEncoder(8, { layers: 3, heads: 2, attention }).parameterCount();
  expect(parameters(linformer(own)) - parameters(linformer({ ...own, projection }))).toBe((6 - 1) * 21);
  expect(() => new Linformer(8, { heads: 2, length: 6, projected: 3, projection })).toThrow(ShapeError);
});

test("weights are dropped in training alone, and projections begin with variance 1 / n", async () => {
  const layer = new Linformer(8, { heads: 2, length: 400, projected: 50, dropout: 0.5, random: 1 });
  const x = normal(key(1), [1, 6, 8]);
  expect(await layer.forward(x).array()).not.toEqual(await layer.forward(x).array());
  layer.eval();
  expect(await layer.forward(x).array()).toEqual(await layer.forward(x).array());
  const values = [...(await layer.keyProjection.data())];
  const variance = values.reduce((total, value) => total + value ** 2, 0) / values.length;
  // Four standard errors of a variance: √(2 / 20,000).
  expect(Math.abs(400 * variance - 1)).toBeLessThan(4 * Math.sqrt(2 / values.length));
});

test("what it cannot do is refused", () => {
  const make = (options: object) => new Linformer(8, { heads: 2, length: 7, projected: 3, ...options });
  const alone = { sharing: "none", projection: make({}).keyProjection };
  for (const options of [{ length: 0 }, { projected: 1.5 }, { sharing: "all" }, { positions: "rotary" }, alone])
    expect(() => make(options)).toThrow(ArgumentError);
  const x = zeros([1, 5, 8]);
  expect(() => make({}).forward(x, { causal: true })).toThrow(/Linformer: it cannot be causal/);
  expect(() => make({}).forward(x, { bias: zeros([5, 5]) })).toThrow(/it cannot add a bias/);
  expect(() => make({}).forward(x, { mask: causalMask(5) })).toThrow(/queries must share one/);
  expect(() => make({}).forward(zeros([1, 8, 8]))).toThrow(/has 8 positions, but its length is 7/);
  const sizes = { vocabularySize: 5, width: 8, layers: 1, heads: 2, context: 7 };
  const model = new TransformerLM({ ...sizes, attention: linformer({ length: 7, projected: 3 }) });
  expect(() => model.forward(zeros([1, 3], { dtype: "int32" }))).toThrow(/it cannot be causal/);
  expect(() => model.begin(1)).toThrow(/it cannot be causal/);
});
