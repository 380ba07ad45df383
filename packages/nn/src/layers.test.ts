import { cpu } from "@ansatz/backend-cpu";
import {
  add,
  alone,
  ArgumentError,
  averagePool,
  elu,
  full,
  gelu,
  grad,
  key,
  leakyRelu,
  matmul,
  maxPool,
  mean,
  mul,
  norm,
  ones,
  parameter,
  realize,
  relu,
  ShapeError,
  sigmoid,
  silu,
  softplus,
  square,
  sum,
  tanh,
  tensor,
  transpose,
  use,
  zeros,
  type Communicator,
  type Tensor,
} from "@ansatz/core";
import { testModule } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { golden } from "./golden.ts";
import { backends, testFunctions, testLayers, type FunctionRow, type LayerRow } from "./golden-suite.ts";
import {
  adaptiveAveragePool,
  adaptiveMaxPool,
  BatchNorm,
  Bilinear,
  Conv1d,
  Conv2d,
  ConvTranspose1d,
  ConvTranspose2d,
  Dropout,
  Embedding,
  fanInUniform,
  FeatureDropout,
  FeedForward,
  fromPyTorch,
  gainOf,
  GatedFeedForward,
  glu,
  GroupNorm,
  kaimingNormal,
  kaimingUniform,
  LayerNorm,
  Linear,
  normalInitializer,
  onesInitializer,
  orthogonal,
  PReLU,
  Residual,
  RMSNorm,
  Sequential,
  StochasticDepth,
  temperatureSoftmax,
  toPyTorch,
  truncatedNormalInitializer,
  uniformInitializer,
  xavierNormal,
  xavierUniform,
  zerosInitializer,
} from "./index.ts";

const layers: readonly LayerRow[] = [
  { name: "linear", make: () => new Linear(4, 5) },
  { name: "embedding", make: () => new Embedding(6, 3), inputs: ["tokens"] },
  {
    name: "embedding-padding",
    make: () => new Embedding(6, 3, { paddingIndex: 4 }),
    inputs: ["tokens"],
    tolerance: Infinity, // the row of padding has no gradient by decision, though the result depends on it
  },
  { name: "layerNorm", make: () => new LayerNorm(7) },
  { name: "layerNorm-unbiased", make: () => new LayerNorm(7, { bias: false }) },
  // Its inputs are so small that ε counts: finite differences would leave their neighbourhood.
  { name: "rmsNorm", make: () => new RMSNorm(7), tolerance: Infinity },
  { name: "rmsNorm-epsilon", make: () => new RMSNorm(7, { epsilon: 1e-5 }) },
  { name: "feedForward", make: () => new FeedForward(4) },
  { name: "gatedFeedForward", make: () => new GatedFeedForward(4, { hidden: 6 }) },
  { name: "gatedFeedForward-dropout", make: () => new GatedFeedForward(4, { hidden: 6, dropout: 0.4 }) },
  { name: "bilinear", make: () => new Bilinear(3, 4, 2), inputs: ["left", "right"] },
  { name: "prelu", make: () => new PReLU() },
  { name: "prelu-channels", make: () => new PReLU(3) },
  { name: "sequential", make: () => new Sequential(new Linear(3, 4), relu, new BatchNorm(4), new Linear(4, 2)) },
  { name: "conv1d", make: () => new Conv1d(4, 6, 3, { stride: 2, padding: 2, dilation: 2, groups: 2 }) },
  { name: "conv1d-same", make: () => new Conv1d(2, 3, 4, { padding: "same", bias: false }) },
  { name: "conv2d", make: () => new Conv2d(2, 4, [3, 2], { stride: [2, 1], padding: [1, 0], dilation: [1, 2] }) },
  { name: "conv2d-depthwise", make: () => new Conv2d(3, 3, 3, { padding: 1, groups: 3 }) },
  {
    name: "convTranspose1d",
    make: () => new ConvTranspose1d(4, 6, 3, { stride: 3, padding: 1, outputPadding: 1, dilation: 2, groups: 2 }),
  },
  {
    name: "convTranspose2d",
    make: () => new ConvTranspose2d(2, 3, [3, 2], { stride: [2, 1], padding: [1, 0], outputPadding: [1, 0] }),
  },
  { name: "batchNorm1d", make: () => new BatchNorm(3) },
  { name: "batchNorm2d", make: () => new BatchNorm(3, { momentum: 0.3, epsilon: 1e-3 }) },
  { name: "batchNorm2d-eval", make: () => new BatchNorm(3, { momentum: 0.3, epsilon: 1e-3 }), evaluate: true },
  { name: "groupNorm", make: () => new GroupNorm(2, 4) },
];
await testLayers("layers", layers);

const functions: readonly FunctionRow[] = [
  ["sigmoid", ["x"], sigmoid],
  ["tanh", ["x"], tanh],
  ["relu", ["x"], relu],
  ["leakyRelu", ["x"], (x) => leakyRelu(x, { slope: 0.2 })],
  ["elu", ["x"], (x) => elu(x, { alpha: 1.5 })],
  ["gelu", ["x"], (x) => gelu(x)],
  ["gelu-tanh", ["x"], (x) => gelu(x, { approximate: true })],
  ["silu", ["x"], silu],
  ["softplus", ["x"], softplus],
  ["glu", ["x"], (x) => glu(x)],
  ["reglu", ["x"], (x) => glu(x, { gate: relu })],
  ["geglu", ["x"], (x) => glu(x, { gate: gelu })],
  ["swiglu", ["x"], (x) => glu(x, { gate: silu })],
  ["temperatureSoftmax", ["x"], (x) => temperatureSoftmax(x, 0.7)],
  ["maxPool", ["x"], (x) => maxPool(x.reshape([3, 1, 6]), 3, { stride: 2, padding: 1 }).reshape([3, 3])],
  ["averagePool", ["x"], (x) => averagePool(x.reshape([3, 1, 6]), 3, { stride: 2, padding: 1 }).reshape([3, 3])],
  ["adaptiveAveragePool", ["x"], (x) => adaptiveAveragePool(x.reshape([3, 1, 6]), 4).reshape([3, 4])],
  ["adaptiveMaxPool", ["x"], (x) => adaptiveMaxPool(x.reshape([3, 1, 6]), 4).reshape([3, 4])],
  ["adaptiveAveragePool2d", ["x"], (x) => adaptiveAveragePool(x, [2, 3])],
  ["adaptiveMaxPool2d", ["x"], (x) => adaptiveMaxPool(x, [2, 3])],
];
await testFunctions("layers", functions);

const images = () => [
  tensor(
    Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
    { shape: [2, 3, 4] },
  ),
];
for (const [, backend] of backends) {
  testModule(() => new Dropout(0.3), images, backend);
  testModule(() => new FeedForward(4, { dropout: 0.3 }), images, backend);
  testModule(() => new FeatureDropout(0.3), images, backend);
  testModule(() => new StochasticDepth(0.3), images, backend);
  testModule(() => new Residual(new Linear(4, 4), { drop: new StochasticDepth(0.3) }), images, backend);
}

beforeAll(() => use(cpu()));

describe("Linear", () => {
  test("starts within ±1/√inputs, and has no bias if none is wanted", async () => {
    const layer = new Linear(16, 50, { bias: false });
    expect([...layer.namedParameters().keys()]).toEqual(["weight"]);
    const weight = await layer.weight.data();
    expect(Math.max(...Array.from(weight, Math.abs))).toBeLessThanOrEqual(0.25);
    expect(Math.max(...weight)).toBeGreaterThan(0.24);
    expect(Math.min(...weight)).toBeLessThan(-0.24);
  });

  test("accepts an initializer for weight and bias, and a random source", async () => {
    const layer = new Linear(3, 2, { initializer: (_key, shape) => full(shape, shape.length) });
    expect(await layer.weight.read().array()).toEqual([
      [2, 2, 2],
      [2, 2, 2],
    ]);
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

  test("each call draws another mask, and restoring the stream's state repeats a draw", async () => {
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

test("Sequential applies layers and functions in order, and names their parameters by place", async () => {
  const model = new Sequential(new Linear(1, 1), (x) => mul(x, 10), new Linear(1, 1, { bias: false }));
  const one = (value: number, shape: number[]) => ({ data: Float32Array.of(value), shape, dtype: "float32" as const });
  model.loadStateDict({
    "layers.0.weight": one(2, [1, 1]),
    "layers.0.bias": one(1, [1]),
    "layers.2.weight": one(3, [1, 1]),
  });
  expect(await model.forward(tensor([[5]])).array()).toEqual([[330]]);
});

describe("BatchNorm", () => {
  test("the running statistics move in training, as in PyTorch, and stay in evaluation", async () => {
    const recorded = await golden("layers", "batchNorm2d");
    const layer = recorded.fill(new BatchNorm(3, { momentum: 0.3, epsilon: 1e-3 }));
    await realize(layer.forward(recorded.tensor("x")));
    const names = [
      ["runningMean", "running_mean"],
      ["runningVariance", "running_var"],
    ] as const;
    for (const [ours, theirs] of names) {
      const [found, expected] = [await layer[ours].data(), await recorded.tensor(`after/${theirs}`).data()];
      for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 5);
    }
    const before = await layer.runningMean.data();
    await realize(layer.eval().forward(recorded.tensor("x")));
    expect(await layer.runningMean.data()).toEqual(before);
  });

  test("over two processes the statistics are those of both shares, in three exchanges", async () => {
    let exchanges = 0;
    const twin: Communicator = {
      ...alone,
      size: 2,
      sum(values) {
        exchanges++;
        for (let i = 0; i < values.length; i++) values[i] = 2 * values[i]!; // the other one has the same share
        return Promise.resolve();
      },
    };
    const outcomeOf = async (communicator: Communicator, share: Tensor) => {
      const [layer, scale] = [new BatchNorm(2, { communicator }), parameter(tensor([1, 1]))];
      const y = layer.forward(mul(share, scale));
      const [ofScale, ofWeight] = grad(mean(mul(y, square(add(y, share)))), [scale, layer.weight]);
      await realize(y, ofScale!, ofWeight!);
      const all = [y.data(), ofScale!.data(), ofWeight!.data(), layer.runningMean.data(), layer.runningVariance.data()];
      return (await Promise.all(all)).map((values) => [...values]);
    };
    const rows = [
      [1, 0],
      [3, 5],
    ];
    const found = await outcomeOf(twin, tensor(rows));
    expect(exchanges).toBe(3);
    const [y, ...others] = await outcomeOf(alone, tensor([...rows, ...rows]));
    for (const [i, values] of [y!.slice(0, 4), ...others].entries())
      for (const [j, value] of values.entries()) expect(found[i]![j]).toBeCloseTo(value, 5);
    expect(found[4]![0]).toBeCloseTo(0.9 + (0.1 * 4) / 3, 6); // of 1, 3, 1 and 3
  });

  test("a single element for each feature is refused in training, and a wrong axis 1 always", () => {
    expect(() => new BatchNorm(2).forward(ones([1, 2]))).toThrow(/no variance/);
    expect(() => new BatchNorm(2).eval().forward(ones([2, 3]))).toThrow(ShapeError);
  });
});

describe("layers that drop whole parts", () => {
  const x = tensor(new Float32Array(80_000).fill(1), { shape: [8_000, 5, 2] });

  test.each([
    ["feature maps", new FeatureDropout(0.3), [8_000 * 5, 2]],
    ["examples", new StochasticDepth(0.3), [8_000, 10]],
  ] as const)("%s: each as a whole, as often as asked, and the mean stays", async (_name, layer, [parts, size]) => {
    const y = await layer.forward(x).data();
    const values = Array.from({ length: parts }, (_, i) => new Set(y.subarray(i * size, (i + 1) * size)));
    expect(values.every((own) => own.size === 1)).toBe(true);
    expect(new Set(y)).toEqual(new Set([0, Math.fround(1 / (1 - 0.3))]));
    const dropped = values.filter((own) => own.has(0)).length / parts;
    expect(Math.abs(dropped - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / parts)); // four standard errors
    expect(layer.eval().forward(x)).toBe(x);
  });

  test("a residual branch that is dropped leaves its input", async () => {
    const block = new Residual((h) => mul(h, 2), { drop: new StochasticDepth(0.5) });
    const y = (await block.forward(ones([100, 1])).array()) as number[][];
    expect(new Set(y.flat())).toEqual(new Set([1, 5]));
    expect(await new Residual((h) => mul(h, 2), { shortcut: (h) => mul(h, 10) }).forward(tensor([1])).array()).toEqual([
      12,
    ]);
  });
});

describe("initialisers", () => {
  const shape = [60, 30, 5] as const; // fans of 150 and 300
  const deviation = async (x: Tensor) => Math.sqrt(await mean(square(x)).item());

  test.each([
    ["xavierUniform", xavierUniform(), Math.sqrt(2 / 450)],
    ["xavierNormal", xavierNormal({ gain: 2 }), 2 * Math.sqrt(2 / 450)],
    ["kaimingUniform", kaimingUniform(), Math.SQRT2 / Math.sqrt(150)],
    ["kaimingNormal", kaimingNormal({ fan: "out", nonlinearity: "tanh" }), 5 / 3 / Math.sqrt(300)],
    ["normal", normalInitializer(0.3), 0.3],
    ["uniform", uniformInitializer(0.3), 0.3 / Math.sqrt(3)],
    ["fanInUniform", fanInUniform, 1 / Math.sqrt(150) / Math.sqrt(3)],
    ["truncatedNormal", truncatedNormalInitializer(0.3), 0.3 * Math.sqrt(0.7737413)], // cut off at two deviations
    ["zeros", zerosInitializer, 0],
    ["ones", onesInitializer, 1],
  ] as const)("%s has the deviation of its formula", async (_name, initializer, expected) => {
    expect(await deviation(initializer(key(3), [...shape]))).toBeCloseTo(expected, 2);
  });

  test("uniform ones stay within √3 deviations, truncated ones within their limit", async () => {
    const most = async (x: Tensor) => Math.max(...Array.from(await x.data(), Math.abs));
    expect(await most(xavierUniform()(key(1), [...shape]))).toBeLessThanOrEqual(Math.sqrt(3) * Math.sqrt(2 / 450));
    expect(await most(truncatedNormalInitializer(1, { limit: 1.5 })(key(1), [1000]))).toBeLessThanOrEqual(1.5);
  });

  test.each([[[5, 3]], [[3, 5]], [[4, 2, 3]], [[40, 40]]])(
    "orthogonal: the rows or columns of %j are orthonormal",
    async (lengths) => {
      const flat = orthogonal({ gain: 2 })(key(2), lengths).reshape([lengths[0]!, -1]);
      const [rows, columns] = flat.shape as [number, number];
      const product = (await (
        rows <= columns ? matmul(flat, transpose(flat)) : matmul(transpose(flat), flat)
      ).array()) as number[][];
      for (const [i, row] of product.entries())
        for (const [j, value] of row.entries()) expect(value).toBeCloseTo(i === j ? 4 : 0, 4);
    },
  );

  test("those that depend on fans start biases at zero", async () => {
    for (const initializer of [xavierUniform(), kaimingNormal(), orthogonal()])
      expect(await norm(initializer(key(1), [7])).item()).toBe(0);
  });

  test("gains are PyTorch's", () => {
    expect(gainOf("tanh")).toBe(5 / 3);
    expect(gainOf("relu")).toBe(Math.SQRT2);
    expect(gainOf("selu")).toBe(0.75);
    expect(gainOf({ leakyRelu: 0.2 })).toBeCloseTo(Math.sqrt(2 / 1.04), 12);
    expect(() => gainOf("rleu" as never)).toThrow(ArgumentError);
  });
});

test("state dicts with PyTorch's names go out and in", async () => {
  const model = new Sequential(new Linear(1, 2), new Sequential(new BatchNorm(2)));
  const theirs = toPyTorch(model, await model.stateDict());
  expect(Object.keys(theirs).toSorted()).toEqual([
    "0.bias",
    "0.weight",
    "1.0.bias",
    "1.0.num_batches_tracked",
    "1.0.running_mean",
    "1.0.running_var",
    "1.0.weight",
  ]);
  expect(fromPyTorch(model, theirs)).toEqual(await model.stateDict());
});

test.each([
  [() => new Conv1d(3, 4, 2, { groups: 2 }), /Conv1d: 2 groups do not divide 3 inputs/],
  [() => new Conv2d(1, 1, [2, 2, 2]), /Conv2d: the window is \[2, 2, 2\]/],
  [() => new Conv2d(1, 1, 2, { padding: "same", stride: 2 }), /stride of 1/],
  [() => new ConvTranspose1d(1, 1, 2, { outputPadding: -1 }), /ConvTranspose1d: the output padding/],
  [() => new GroupNorm(2, 3), /2 groups do not divide 3 channels/],
  [() => new FeatureDropout(1), /FeatureDropout: the probability is 1/],
  [() => temperatureSoftmax(ones([2]), 0), /temperature is 0/],
  [() => adaptiveAveragePool(ones([1, 1, 3]), [1, 2]), /the size is \[1, 2\]/],
])("wrong arguments are refused: %s", (make, message) => {
  expect(make).toThrow(ArgumentError);
  expect(make).toThrow(message);
});

test("errors name the shapes that do not fit", () => {
  expect(() => glu(ones([3]))).toThrow(ShapeError);
  expect(() => adaptiveMaxPool(ones([1, 1]), 1)).toThrow(ShapeError);
  expect(() => new GroupNorm(1, 2).forward(zeros([1, 3]))).toThrow(ShapeError);
});

describe("Embedding with padding", () => {
  const tokens = tensor([[2, 1, 2]], { dtype: "int32" });

  test("the vector of padding starts at zero, and the others are as without", async () => {
    const [plain, padded] = [new Embedding(3, 2, { random: 1 }), new Embedding(3, 2, { random: 1, paddingIndex: 2 })];
    const rows = await plain.weight.data();
    expect([...(await padded.weight.data())]).toEqual([...rows.slice(0, 4), 0, 0]);
  });

  test("a loaded vector of padding is read, and gets no gradient", async () => {
    const layer = new Embedding(3, 2, { paddingIndex: 2 });
    layer.weight.load(Float32Array.of(1, 2, 3, 4, 5, 6));
    expect(await layer.forward(tokens).array()).toEqual([
      [
        [5, 6],
        [3, 4],
        [5, 6],
      ],
    ]);
    expect(await grad(sum(layer.forward(tokens)), layer.weight).array()).toEqual([
      [0, 0],
      [1, 1],
      [0, 0],
    ]);
  });

  test.each([-1, 3, 0.5])("a padding index of %d is refused", (paddingIndex) => {
    expect(() => new Embedding(3, 2, { paddingIndex })).toThrow(/paddingIndex is .*from 0 to 2/s);
  });
});

test("a linear layer that shares its weight trains it with the other, and must fit", async () => {
  const tokens = new Embedding(3, 2, { random: 1 });
  const head = new Linear(2, 3, { weight: tokens.weight, random: 1 });
  expect(new Sequential(tokens, head).namedParameters().size).toBe(2); // the weight and the bias
  const x = tensor([[1, 2]]);
  const both = add(sum(head.forward(x)), sum(tokens.forward(tensor([0], { dtype: "int32" }))));
  expect(await grad(both, tokens.weight).array()).toEqual([
    [2, 3],
    [1, 2],
    [1, 2],
  ]);
  expect(() => new Linear(3, 2, { weight: tokens.weight })).toThrow(ShapeError);
});
