import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, full, grad, mean, mul, ones, ShapeError, sum, tensor, use, zeros } from "@ansatz/core";
import { testModule } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { golden } from "./golden.ts";
import { crossEntropy, Dropout, Embedding, fanInUniform, FeedForward, LayerNorm, Linear, LSTM, meanSquaredError, MultiHeadAttention, RMSNorm, Sequential, TransformerBlock } from "./index.ts";

beforeAll(() => use(cpu()));

testModule(() => new Linear(3, 2), () => [ones([4, 3])], cpu);
testModule(() => new RMSNorm(3), () => [tensor([[1, 2, 4]])], cpu);
testModule(() => new TransformerBlock(4, { heads: 2, dropout: 0.2 }), () => [tensor([[[1, 2, -3, 4], [0, 1, 3, -2]]])], cpu);

describe("as PyTorch, forward and backward:", () => {
  test("Linear", async () => {
    const recorded = await golden("linear");
    const [layer, x] = [recorded.fill(new Linear(4, 5)), recorded.tensor("x")];
    await recorded.check({ y: layer.forward(x) }, { x }, layer);
  });

  test("Embedding, a repeated token adding up its gradients", async () => {
    const recorded = await golden("embedding");
    const layer = recorded.fill(new Embedding(6, 3));
    await recorded.check({ y: layer.forward(recorded.tensor("tokens")) }, {}, layer);
  });

  test("LayerNorm", async () => {
    const recorded = await golden("layerNorm");
    const [layer, x] = [recorded.fill(new LayerNorm(7)), recorded.tensor("x")];
    await recorded.check({ y: layer.forward(x) }, { x }, layer);
  });

  test("RMSNorm", async () => {
    const recorded = await golden("rmsNorm");
    const [layer, x] = [recorded.fill(new RMSNorm(7)), recorded.tensor("x")];
    await recorded.check({ y: layer.forward(x) }, { x }, layer);
  });

  test("MultiHeadAttention, causal", async () => {
    const recorded = await golden("attention");
    const [layer, x] = [recorded.fill(new MultiHeadAttention(8, { heads: 2 })), recorded.tensor("x")];
    await recorded.check({ y: layer.forward(x, { causal: true }) }, { x }, layer);
  });

  test("FeedForward", async () => {
    const recorded = await golden("feedForward");
    const [layer, x] = [recorded.fill(new FeedForward(4)), recorded.tensor("x")];
    await recorded.check({ y: layer.forward(x) }, { x }, layer);
  });

  test("LSTM, from a given state, with every gradient", async () => {
    const recorded = await golden("lstm");
    const layer = recorded.fill(new LSTM(4, 5));
    const [x, hidden, cell] = [recorded.tensor("x"), recorded.tensor("hidden"), recorded.tensor("cell")];
    const [y, last] = layer.forward(x, { hidden: hidden.reshape([3, 5]), cell: cell.reshape([3, 5]) });
    await recorded.check({ y, lastHidden: last.hidden.reshape([1, 3, 5]), lastCell: last.cell.reshape([1, 3, 5]) }, { x, hidden, cell }, layer);
  });

  test("crossEntropy over leading axes", async () => {
    const recorded = await golden("crossEntropy");
    const logits = recorded.tensor("logits");
    await recorded.check({ y: crossEntropy(logits, recorded.tensor("target")) }, { logits });
  });

  test("meanSquaredError", async () => {
    const recorded = await golden("meanSquaredError");
    const prediction = recorded.tensor("prediction");
    await recorded.check({ y: meanSquaredError(prediction, recorded.tensor("target")) }, { prediction });
  });
});

describe("Linear", () => {
  test("starts within ±1/√inputs, and has no bias where none is wanted", async () => {
    const layer = new Linear(16, 50, { bias: false });
    expect([...layer.namedParameters().keys()]).toEqual(["weight"]);
    const weight = await layer.weight.data();
    expect(Math.max(...Array.from(weight, Math.abs))).toBeLessThanOrEqual(0.25);
    expect(Math.max(...weight)).toBeGreaterThan(0.24);
    expect(Math.min(...weight)).toBeLessThan(-0.24);
  });

  test("takes an initializer for weight and bias, and a random source", async () => {
    const layer = new Linear(3, 2, { initializer: (_key, shape) => full(shape, shape.length) });
    expect(await layer.weight.read().array()).toEqual([[2, 2, 2], [2, 2, 2]]);
    expect(await layer.bias!.read().array()).toEqual([1, 1]);
    const [a, b, c] = await Promise.all([1, 1, 2].map((random) => new Linear(3, 2, { random }).weight.data()));
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
    expect(fanInUniform).toBeTypeOf("function");
  });
});

describe("Dropout", () => {
  const x = tensor(new Float32Array(100_000).fill(1), { shape: [200, 500] });

  test("in evaluation it is the identity: the very same tensor", () => {
    expect(new Dropout(0.5).eval().forward(x)).toBe(x);
    expect(new Dropout(0).forward(x)).toBe(x);
  });

  test("in training it drops the given share and keeps the mean", async () => {
    const y = await new Dropout(0.2).forward(x).data();
    const kept = y.filter((value: number) => value !== 0);
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / (1 - 0.2))]));
    expect(1 - kept.length / y.length).toBeCloseTo(0.2, 2);
    expect(await mean(new Dropout(0.2).forward(x)).item()).toBeCloseTo(1, 2);
  });

  test("its gradient passes where the value passed", async () => {
    const y = new Dropout(0.5).forward(x);
    const slope = grad(sum(y), x);
    expect(await slope.data()).toEqual(await y.data());
  });

  test("each call draws anew, and the stream's state brings a draw back", async () => {
    const layer = new Dropout(0.5, { random: 7 });
    const state = layer.randomState();
    const [first, second] = [await layer.forward(x).data(), await layer.forward(x).data()];
    expect(second).not.toEqual(first);
    layer.loadRandomState(state);
    expect(await layer.forward(x).data()).toEqual(first);
  });

  test.each([-0.1, 1, 1.5, NaN])("a probability of %d is refused", (probability) => {
    expect(() => new Dropout(probability)).toThrow(ArgumentError);
  });
});

describe("MultiHeadAttention", () => {
  test("no position looks ahead when it is causal", async () => {
    const layer = new MultiHeadAttention(4, { heads: 2 });
    const x = tensor([[[1, 0, 2, 1], [0, 1, 1, 3], [2, 2, 0, 1]]]);
    const first = sum(layer.forward(x, { causal: true }).slice([null, [0, 1]]));
    const slopes = (await grad(first, x).array()) as number[][][];
    expect(slopes[0]!.slice(1)).toEqual([[0, 0, 0, 0], [0, 0, 0, 0]]);
    expect(slopes[0]![0]!.some((slope) => slope !== 0)).toBe(true);
  });

  test("a mask that hides all but one key gives that key's value", async () => {
    const layer = new MultiHeadAttention(2, { heads: 1 });
    const identity = { data: Float32Array.of(1, 0, 0, 1), shape: [2, 2], dtype: "float32" as const };
    const zero = { data: new Float32Array(2), shape: [2], dtype: "float32" as const };
    layer.loadStateDict(Object.fromEntries([...layer.namedParameters().keys()].map((name) => [name, name.endsWith("bias") ? zero : identity])));
    const mask = tensor([false, true]);
    expect(await layer.forward(tensor([[[1, 2], [3, 4]]]), { mask }).array()).toEqual([[[3, 4], [3, 4]]]);
  });

  test.each([0, 3, 1.5])("%d heads of a width of 8 are refused", (heads) => {
    expect(() => new MultiHeadAttention(8, { heads })).toThrow(ArgumentError);
  });
});

test("Sequential applies layers and functions in order, and names their parameters by place", async () => {
  const model = new Sequential(new Linear(1, 1), (x) => mul(x, 10), new Linear(1, 1, { bias: false }));
  const one = (value: number, shape: number[]) => ({ data: Float32Array.of(value), shape, dtype: "float32" as const });
  model.loadStateDict({ "layers.0.weight": one(2, [1, 1]), "layers.0.bias": one(1, [1]), "layers.2.weight": one(3, [1, 1]) });
  expect(await model.forward(tensor([[5]])).array()).toEqual([[330]]);
});

test("crossEntropy names both shapes when they do not fit", () => {
  expect(() => crossEntropy(zeros([2, 3, 5]), zeros([2, 4], { dtype: "int32" }))).toThrow(ShapeError);
  expect(() => crossEntropy(zeros([2, 3, 5]), zeros([2, 4], { dtype: "int32" }))).toThrow(/\[2,3,5\][^]*\[2,4\]/);
});
