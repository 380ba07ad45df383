import { cpu } from "@ansatz/backend-cpu";
import {
  cast,
  key,
  logSoftmax,
  maxPool,
  normal,
  realize,
  relu,
  reshape,
  sub,
  tensor,
  use,
  withDType,
  Module,
  type Tensor,
} from "@ansatz/core";
import { isTensor } from "@ansatz/core/plugin";
import { testModule } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { sharedScores } from "./golden-suite.ts";
import {
  alibiBias,
  BatchNorm,
  Bilinear,
  Conv2d,
  ConvTranspose1d,
  crossEntropy,
  ctcLoss,
  Dropout,
  Embedding,
  GatedFeedForward,
  generate,
  GroupNorm,
  GRU,
  Linear,
  LSTM,
  LSTMLM,
  llama,
  orthogonal,
  PReLU,
  RMSNorm,
  RNN,
  rotary,
  Sequential,
  sinusoidalPositions,
  TransformerBlock,
  TransformerLM,
  xavierNormal,
} from "./index.ts";

beforeAll(() => use(cpu()));

const draw = (...shape: number[]): Tensor => normal(key(7), shape, { dtype: "float64" });
const convolutional = () =>
  new Sequential(
    new Conv2d(1, 2, 3, { padding: 1, random: 1 }),
    new BatchNorm(2),
    relu,
    (x) => maxPool(x, 2),
    (x) => reshape(x, [x.shape[0]!, -1]),
    new Linear(8, 3, { random: 2 }),
  );

/** A layer with its outputs alone, without the last state of a recurrent one. */
class OutputsOf extends Module {
  readonly layer: LSTM | TransformerBlock;

  constructor(layer: LSTM | TransformerBlock) {
    super();
    this.layer = layer;
  }

  forward(x: Tensor): Tensor {
    const result = this.layer.forward(x);
    return isTensor(result) ? result : result[0];
  }
}

const lstm = () => new OutputsOf(new LSTM(3, 4, { layers: 2, bidirectional: true, peephole: true, random: 1 }));
const block = () => new OutputsOf(new TransformerBlock(8, { heads: 2, random: 1 }));
const llamaBlock = () => new OutputsOf(new TransformerBlock(8, { heads: 2, random: 1, ...llama }));
const checked: readonly { readonly make: () => Sequential | OutputsOf; readonly input: () => Tensor }[] = [
  { make: lstm, input: () => draw(5, 2, 3) },
  { make: block, input: () => draw(2, 3, 8) },
  { make: llamaBlock, input: () => draw(2, 3, 8) },
  { make: convolutional, input: () => draw(2, 1, 4, 4) },
];
for (const { make, input } of checked) {
  testModule(
    () => make().to("float64"),
    () => [input()],
    cpu(),
    sharedScores,
  );
  testModule(
    () => withDType("float64", make),
    () => [input()],
    cpu(),
    sharedScores,
  );
}

const tokens = tensor([[1, 2, 0]], { dtype: "int32" });
const sizes = { vocabularySize: 5, width: 8, layers: 1, heads: 2, context: 4, random: 1 };
const rows: readonly (readonly [string, () => Module, readonly Tensor[]])[] = [
  ["RNN", () => new RNN(3, 4), [draw(5, 2, 3)]],
  ["GRU", () => new GRU(3, 4, { reset: "before" }), [draw(5, 2, 3)]],
  ["LSTM with a projection", () => new LSTM(3, 4, { projection: 2, forgetBias: 1 }), [draw(5, 2, 3)]],
  ["Bilinear", () => new Bilinear(3, 4, 2), [draw(2, 3), draw(2, 4)]],
  ["GatedFeedForward", () => new GatedFeedForward(4), [draw(2, 4)]],
  ["ConvTranspose1d", () => new ConvTranspose1d(2, 3, 2), [draw(1, 2, 4)]],
  ["GroupNorm", () => new GroupNorm(1, 2), [draw(2, 2)]],
  ["PReLU", () => new PReLU(2), [draw(2, 2)]],
  ["Dropout", () => new Dropout(0.5), [draw(2, 2)]],
  ["Embedding", () => new Embedding(5, 3), [tokens]],
  ["LSTMLM", () => new LSTMLM(sizes), [tokens]],
  ["TransformerLM", () => new TransformerLM({ ...sizes, dropout: 0.5 }), [tokens]],
  ["TransformerLM with sinusoids", () => new TransformerLM({ ...sizes, positions: "sinusoidal" }), [tokens]],
  ["TransformerLM with ALiBi", () => new TransformerLM({ ...sizes, positions: "alibi" }), [tokens]],
  ["TransformerLM with LLaMA's parts", () => new TransformerLM({ ...sizes, ...llama }), [tokens]],
];

describe.each(rows)("%s in float64", (_name, make, inputs) => {
  test.each([
    ["by withDType", () => withDType("float64", make)],
    ["by to", () => make().to("float64")],
  ])("%s has float64 weights and gives float64", (_way, made) => {
    const model = made() as Module & { forward(...inputs: readonly Tensor[]): Tensor | readonly [Tensor, unknown] };
    expect(new Set(model.parameters().map((weight) => weight.dtype))).toEqual(
      new Set(model.parameters().length === 0 ? [] : ["float64"]),
    );
    const result = model.forward(...inputs);
    expect((Array.isArray(result) ? result[0] : result).dtype).toBe("float64");
  });
});

test("an input in float32 is read by weights in float64, and the state has their dtype", async () => {
  const [outputs, { hidden, cell }] = new LSTM(3, 4).to("float64").forward(cast(draw(5, 2, 3), "float32"));
  await realize(outputs, hidden, cell);
  expect([outputs, hidden, cell].map(({ dtype }) => dtype)).toEqual(["float64", "float64", "float64"]);
  expect(new LSTM(3, 4).to("float64").zeroState(2).cell.dtype).toBe("float64");
});

test("initialisers follow the default dtype", () => {
  for (const initializer of [orthogonal(), xavierNormal()])
    expect(withDType("float64", () => initializer(key(1), [3, 2])).dtype).toBe("float64");
});

test("positions are exact to the last digits of float64", async () => {
  const table = await sinusoidalPositions(100, 4, { dtype: "float64" }).data("float64");
  expect(table[4 * 99]).toBeCloseTo(Math.sin(99), 13);
  expect(table[4 * 99 + 3]).toBeCloseTo(Math.cos(0.99), 13);
  const turned = await rotary(
    tensor(
      [
        [0, 0],
        [1, 0],
      ],
      { dtype: "float64" },
    ),
    { position: 40 },
  ).data("float64");
  expect(turned[2]).toBeCloseTo(Math.cos(41), 13);
  expect((await alibiBias(2, 3, { dtype: "float64" }).data("float64"))[2]).toBe(-2 / 16);
});

test("losses keep the dtype of what they compare", async () => {
  const scores = draw(4, 1, 3);
  const labels = tensor([[1, 2]], { dtype: "int32" });
  expect(ctcLoss(logSoftmax(scores), labels).dtype).toBe("float64");
  const rounded = await sub(ctcLoss(logSoftmax(scores), labels), ctcLoss(logSoftmax(cast(scores, "float32")), labels));
  expect(Math.abs(await rounded.item())).toBeLessThan(1e-5);
  const targets = tensor([[1], [2], [0], [1]], { dtype: "int32" });
  for (const options of [{}, { labelSmoothing: 0.1 }, { ignoredIndex: 0 }])
    expect(crossEntropy(scores, targets, options).dtype).toBe("float64");
});

test("models in float64 write text, with a cache of float64", async () => {
  for (const make of [() => new TransformerLM(sizes), () => new LSTMLM(sizes)]) {
    const model = make().to("float64");
    expect(await generate(model, [1, 2], { length: 6, random: 1 })).toHaveLength(6);
  }
});

test("RMSNorm's epsilon is by default that of the dtype, as in PyTorch", async () => {
  const tiny = 1e-20;
  const double = withDType("float64", () => new RMSNorm(1));
  const single = await new RMSNorm(1).forward(tensor([[tiny]])).item();
  expect(single / (tiny * 2 ** 11.5)).toBeCloseTo(1, 6);
  expect((await double.forward(tensor([[tiny]], { dtype: "float64" })).item()) / (tiny * 2 ** 26)).toBeCloseTo(1, 12);
});
