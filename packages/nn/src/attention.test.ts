import { cpu } from "@ansatz/backend-cpu";
import {
  ArgumentError,
  attention,
  flip,
  grad,
  integers,
  less,
  iota,
  key,
  normal,
  ones,
  relu,
  ShapeError,
  slice,
  sum,
  tensor,
  use,
  withDType,
  zeros,
  type Tensor,
} from "@ansatz/core";
import { beforeAll, describe, expect, test } from "vitest";
import { golden } from "./golden.ts";
import { testFunctions, testLayers, type FunctionRow, type LayerRow, sharedScores } from "./golden-suite.ts";
import {
  AdditiveAttention,
  alibiBias,
  AttentionSeq2Seq,
  EncoderDecoder,
  fromPyTorch,
  Linear,
  MultiHeadAttention,
  paddingMask,
  rotary,
  sinusoidalPositions,
  toPyTorch,
  TransformerBlock,
  TransformerDecoder,
  TransformerEncoder,
} from "./index.ts";

const causal = (layer: MultiHeadAttention, x: Tensor) => ({ y: layer.forward(x, { causal: true }) });
const block =
  (norm: "pre" | "post", cross: boolean, dropout = 0) =>
  () =>
    new TransformerBlock(8, { heads: 2, hidden: 6, activation: relu, norm, cross, dropout });
const decoder = {
  inputs: ["x", "memory"],
  run: (layer: TransformerBlock, x: Tensor, memory: Tensor) => ({ y: layer.forward(x, { memory }) }),
};
const encoder = { run: (layer: TransformerBlock, x: Tensor) => ({ y: layer.forward(x, { causal: false }) }) };
const small = { layers: 1, heads: 2, hidden: 6 };

const layers: readonly LayerRow[] = [
  { name: "selfAttention", make: () => new MultiHeadAttention(8, { heads: 2 }) },
  { name: "selfAttention-causal", make: () => new MultiHeadAttention(8, { heads: 2 }), run: causal },
  {
    name: "selfAttention-padding",
    make: () => new MultiHeadAttention(8, { heads: 2 }),
    inputs: ["x", "lengths"],
    run: (layer: MultiHeadAttention, x, lengths) => ({ y: layer.forward(x!, { mask: paddingMask(lengths!, 5) }) }),
  },
  {
    name: "crossAttention",
    make: () => new MultiHeadAttention(8, { heads: 2 }),
    inputs: ["x", "context"],
    run: (layer: MultiHeadAttention, x, context) => ({ y: layer.forward(x!, { context: context! }) }),
  },
  { name: "selfAttention-unbiased", make: () => new MultiHeadAttention(8, { heads: 2, bias: false }) },
  { name: "groupedQuery", make: () => new MultiHeadAttention(8, { heads: 4, keyValueHeads: 2 }), run: causal },
  { name: "rotaryAttention", make: () => new MultiHeadAttention(8, { heads: 4, positions: "rotary" }), run: causal },
  {
    name: "rotaryAttention-base",
    make: () => new MultiHeadAttention(8, { heads: 4, keyValueHeads: 2, positions: "rotary", rotaryBase: 100 }),
    run: causal,
  },
  { name: "alibiAttention", make: () => new MultiHeadAttention(8, { heads: 4, positions: "alibi" }), run: causal },
  { name: "alibiAttention-both", make: () => new MultiHeadAttention(8, { heads: 4, positions: "alibi" }) },
  {
    name: "additive",
    make: () => new AdditiveAttention(3, 4, 5),
    inputs: ["query", "keys", "lengths"],
    run: (layer: AdditiveAttention, query, keys, lengths) => {
      const [y, weights] = layer.forward(query!, keys!, { mask: less(iota(5), lengths!.reshape([2, 1])) });
      return { y, weights };
    },
  },
  { name: "encoderLayer-post", make: block("post", false), ...encoder },
  { name: "encoderLayer-pre", make: block("pre", false), ...encoder },
  { name: "decoderLayer-post", make: block("post", true), ...decoder },
  { name: "decoderLayer-pre", make: block("pre", true), ...decoder },
  { name: "encoderLayer-dropout-post", make: block("post", false, 0.4), ...encoder },
  { name: "encoderLayer-dropout-pre", make: block("pre", false, 0.4), ...encoder },
  { name: "decoderLayer-dropout-post", make: block("post", true, 0.4), ...decoder },
  { name: "decoderLayer-dropout-pre", make: block("pre", true, 0.4), ...decoder },
  {
    name: "encoderLayer-unbiased",
    make: () => new TransformerBlock(8, { heads: 2, hidden: 6, activation: relu, bias: false }),
    ...encoder,
  },
  {
    name: "encoder",
    make: () => new TransformerEncoder(8, small),
    inputs: ["x", "lengths"],
    run: (layer: TransformerEncoder, x, lengths) => ({ y: layer.forward(x!, { mask: paddingMask(lengths!, 5) }) }),
  },
  {
    name: "encoderDecoder",
    make: () => new EncoderDecoder(8, { ...small, activation: relu, norm: "post" }),
    inputs: ["source", "target", "lengths"],
    run: (layer: EncoderDecoder, source, target, lengths) => ({
      y: layer.forward(source!, target!, { sourceMask: paddingMask(lengths!, 5) }),
    }),
  },
  {
    name: "encoderDecoder-targetMask",
    make: () => new EncoderDecoder(8, { ...small, layers: 2, activation: relu, norm: "post" }),
    inputs: ["source", "target", "lengths", "targetLengths"],
    run: (layer: EncoderDecoder, source, target, lengths, targets) => ({
      y: layer.forward(source!, target!, {
        sourceMask: paddingMask(lengths!, 5),
        targetMask: paddingMask(targets!, 3),
      }),
    }),
  },
  {
    name: "seq2seq",
    make: () => new AttentionSeq2Seq({ sourceVocabulary: 5, targetVocabulary: 6, embedding: 3, hidden: 4 }),
    inputs: ["source", "target", "lengths"],
    run: (layer: AttentionSeq2Seq, source, target, lengths) => ({
      y: layer.forward(source!, target!, { sourceLengths: lengths! }),
    }),
  },
];
await testLayers(
  "attention",
  layers.map((row) => (row.name.startsWith("rotary") ? row : { ...sharedScores, ...row })),
);

const qkv = ["q", "k", "v", "given"];
const functions: readonly FunctionRow[] = [
  ["attention-plain", qkv, (q, k, v) => attention(q!, k!, v!)],
  ["attention-causal", qkv, (q, k, v) => attention(q!, k!, v!, { causal: true })],
  ["attention-mask", qkv, (q, k, v, mask) => attention(q!, k!, v!, { mask: mask!.greater(0) })],
  ["attention-bias", qkv, (q, k, v, bias) => attention(q!, k!, v!, { bias: bias! })],
  ["rotary", ["x"], (x) => rotary(x!, { position: tensor(7, { dtype: "int32" }) })],
  ["rotary-base", ["x"], (x) => rotary(x!, { base: 500_000 })],
];
await testFunctions("attention", functions);

beforeAll(() => use(cpu()));

describe("positions", () => {
  test("sinusoids match the paper", async () => {
    const expected = (await golden("attention", "sinusoidal")).tensor("y");
    const [found, wanted] = [await sinusoidalPositions(6, 8).data(), await expected.data()];
    for (const [i, value] of wanted.entries()) expect(found[i]).toBeCloseTo(value, 5);
    expect(
      [...(await sinusoidalPositions(1, 8, { position: tensor(3) }).data())].map((value) => value.toFixed(5)),
    ).toEqual([...wanted.subarray(24, 32)].map((value) => value.toFixed(5)));
    expect(() => sinusoidalPositions(2, 3)).toThrow(ArgumentError);
  });

  test("a product of two rotated vectors depends on their distance alone", async () => {
    const [a, b] = [tensor([[0.3, -1, 2, 0.5]]), tensor([[1, 0.2, -0.4, 1]])];
    const product = (i: number, j: number) => sum(rotary(a, { position: i }).mul(rotary(b, { position: j }))).item();
    expect(await product(9, 5)).toBeCloseTo(await product(4, 0), 5);
    expect(await product(9, 5)).not.toBeCloseTo(await product(9, 6), 2);
    expect(() => rotary(tensor([[1, 2, 3]]))).toThrow(ArgumentError);
  });

  test("ALiBi's slopes match the authors' if the number of heads isn't a power of two", async () => {
    const slopes = ((await alibiBias(6, 2).array()) as number[][][]).map(([row]) => -row![1]!);
    const recorded = await (await golden("attention", "alibi-slopes")).tensor("y").data();
    for (const [i, power] of [2, 4, 6, 8, 1, 3].entries()) {
      expect(slopes[i]).toBeCloseTo(2 ** -power, 7);
      expect(recorded[i]).toBeCloseTo(slopes[i]!, 7);
    }
  });

  test("ALiBi counts distances in both directions, and from any first query", async () => {
    expect(await alibiBias(1, 3).array()).toEqual([
      [
        [-0, -(2 ** -8), -(2 ** -7)],
        [-(2 ** -8), -0, -(2 ** -8)],
        [-(2 ** -7), -(2 ** -8), -0],
      ],
    ]);
    const later = alibiBias(1, 3, { queries: 1, position: tensor(1, { dtype: "int32" }) });
    expect(await later.array()).toEqual([[[-(2 ** -8), -0, -(2 ** -8)]]]);
  });
});

describe("MultiHeadAttention", () => {
  test.each(["rotary", "alibi"] as const)(
    "%s: the first position makes no difference to a sequence",
    async (positions) => {
      const layer = new MultiHeadAttention(4, { heads: 2, positions, random: 1 });
      const x = (await golden("attention", "rotary")).tensor("x").reshape([2, 6, 4]);
      const [plain, moved] = [await layer.forward(x).data(), await layer.forward(x, { position: 5 }).data()];
      for (const [i, value] of plain.entries()) expect(moved[i]).toBeCloseTo(value, 5);
    },
  );

  test("an encoder with ALiBi has no favourite end: a reversed sequence gives the reversed result", async () => {
    const encoder = new TransformerEncoder(8, { layers: 2, heads: 2, positions: "alibi", random: 1 });
    const x = (await golden("attention", "selfAttention")).tensor("x"); // [2, 5, 8]
    const [plain, reversed] = [encoder.forward(x), flip(encoder.forward(flip(x, [1])), [1])];
    const found = await reversed.data();
    for (const [i, value] of (await plain.data()).entries()) expect(found[i]).toBeCloseTo(value, 5);
  });

  test("its entries in PyTorch have its dtype, and those of grouped queries are separate", async () => {
    const names = async (layer: MultiHeadAttention) => {
      const state = await layer.stateDict();
      const theirs = toPyTorch(layer, state);
      expect(fromPyTorch(layer, theirs)).toEqual(state);
      return Object.fromEntries(Object.entries(theirs).map(([name, { shape, dtype }]) => [name, [dtype, ...shape]]));
    };
    const double = withDType("float64", () => new MultiHeadAttention(4, { heads: 2, bias: false }));
    expect(await names(double)).toEqual({
      in_proj_weight: ["float64", 12, 4],
      "out_proj.weight": ["float64", 4, 4],
    });
    const grouped = new MultiHeadAttention(4, { heads: 2, keyValueHeads: 1, bias: false });
    expect(await names(grouped)).toEqual({
      "q_proj.weight": ["float32", 4, 4],
      "k_proj.weight": ["float32", 2, 4],
      "v_proj.weight": ["float32", 2, 4],
      "out_proj.weight": ["float32", 4, 4],
    });
    const joint = { in_proj_weight: { shape: [8, 4], dtype: "float32" as const, data: new Float32Array(32) } };
    expect(() => fromPyTorch(grouped, joint)).toThrow(/in_proj_weight.*grouped queries/);
    expect(() => fromPyTorch(new MultiHeadAttention(4, { heads: 2 }), joint)).toThrow(/in_proj_weight is \[8,4\]/);
  });

  test("no position looks ahead if it is causal", async () => {
    const layer = new MultiHeadAttention(4, { heads: 2 });
    const x = tensor([
      [
        [1, 0, 2, 1],
        [0, 1, 1, 3],
        [2, 2, 0, 1],
      ],
    ]);
    const first = sum(layer.forward(x, { causal: true }).slice([null, [0, 1]]));
    const slopes = (await grad(first, x).array()) as number[][][];
    expect(slopes[0]!.slice(1)).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(slopes[0]![0]!.some((slope) => slope !== 0)).toBe(true);
  });

  test("a mask that hides all but one key gives that key's value", async () => {
    const layer = new MultiHeadAttention(2, { heads: 1 });
    const identity = { data: Float32Array.of(1, 0, 0, 1), shape: [2, 2], dtype: "float32" as const };
    const zero = { data: new Float32Array(2), shape: [2], dtype: "float32" as const };
    layer.loadStateDict(
      Object.fromEntries(
        [...layer.namedParameters().keys()].map((name) => [name, name.endsWith("bias") ? zero : identity]),
      ),
    );
    const mask = tensor([false, true]);
    expect(
      await layer
        .forward(
          tensor([
            [
              [1, 2],
              [3, 4],
            ],
          ]),
          { mask },
        )
        .array(),
    ).toEqual([
      [
        [3, 4],
        [3, 4],
      ],
    ]);
  });

  test.each([0, 3, 1.5])("%d heads of a width of 8 are refused", (heads) => {
    expect(() => new MultiHeadAttention(8, { heads })).toThrow(ArgumentError);
    expect(() => new MultiHeadAttention(8, { heads: 2, keyValueHeads: heads })).toThrow(/key-value heads/);
  });

  test.each([[[3, 8]], [[1, 2, 3, 8]], [[2, 3, 6]]])("a sequence of shape [%s] is refused", (shape) => {
    const layer = new MultiHeadAttention(8, { heads: 2 });
    const message = `MultiHeadAttention: a sequence is [${shape.join(",")}] but must be [batch, time, 8]`;
    expect(() => layer.forward(ones(shape))).toThrow(message);
    expect(() => layer.forward(ones([2, 3, 8]), { context: ones(shape) })).toThrow(message);
    expect(() => layer.forward(ones(shape))).toThrow(ShapeError);
  });
});

test("a block with cross attention needs memory, and one without refuses it", () => {
  const x = tensor([[[1, 2]]]);
  expect(() => new TransformerBlock(2, { heads: 1, cross: true }).forward(x)).toThrow(/needs memory/);
  expect(() => new TransformerBlock(2, { heads: 1 }).forward(x, { memory: x })).toThrow(/cannot use memory/);
});

test.each([
  ["attention", () => (width: number) => new Linear(width, width)],
  ["attention", "performer"],
  ["attention", () => ({ step: 1 })],
  ["feedForward", { experts: 2 }],
  ["feedForward", new Linear(8, 8)],
  ["normalization", () => undefined],
])("%s must be a factory of layers, not %o", (slot, given) => {
  const make = () => new TransformerBlock(8, { heads: 2, [slot]: given });
  expect(make).toThrow(`${slot} is not a factory of layers`);
  expect(make).toThrow(ArgumentError);
});

test("EncoderDecoder is its encoder and its decoder", async () => {
  const whole = new EncoderDecoder(4, { layers: 2, heads: 2, random: 1 });
  const [encoder, decoder] = [
    new TransformerEncoder(4, { layers: 2, heads: 2 }),
    new TransformerDecoder(4, { layers: 2, heads: 2 }),
  ];
  const state = await whole.stateDict();
  const below = (part: string) =>
    Object.fromEntries(
      Object.entries(state).flatMap(([name, value]) =>
        name.startsWith(part) ? [[name.slice(part.length), value]] : [],
      ),
    );
  encoder.loadStateDict(below("encoder."));
  decoder.loadStateDict(below("decoder."));
  const [source, target] = [
    tensor([
      [
        [1, 2, 3, 4],
        [0, 1, 0, 1],
      ],
    ]),
    tensor([[[4, 3, 2, 1]]]),
  ];
  expect(await decoder.forward(target, encoder.forward(source)).data()).toEqual(
    await whole.forward(source, target).data(),
  );
});

describe("AttentionSeq2Seq", () => {
  const model = () =>
    new AttentionSeq2Seq({ sourceVocabulary: 5, targetVocabulary: 6, embedding: 3, hidden: 4, random: 2 });
  const source = tensor(
    [
      [1, 4, 2],
      [3, 3, 0],
    ],
    { dtype: "int32" },
  );

  test("an alignment has for each step the weights of the letters that count, with which forward scores", async () => {
    const own = model();
    const target = tensor(
      [
        [5, 1],
        [5, 2],
      ],
      { dtype: "int32" },
    );
    const sourceLengths = tensor([3, 2], { dtype: "int32" });
    const weights = own.alignment(source, target, { sourceLengths });
    expect(weights.shape).toEqual([2, 2, 3]);
    for (const total of (await weights.sum(2).data()).values()) expect(total).toBeCloseTo(1, 5);
    const [, second] = (await weights.array()) as number[][][];
    expect(second!.map((step) => step[2])).toEqual([0, 0]);
    // With all scores of attention alike, each of the three positions has a third.
    own.attention!.score.weight.assign(zeros([1, 4]));
    const flat = (await own.alignment(source, target).data()).values();
    for (const weight of flat) expect(weight).toBeCloseTo(1 / 3, 6);
  });

  test("without attention it sees one vector: what attention to a source of one token sees", async () => {
    const sizes = { sourceVocabulary: 5, targetVocabulary: 6, embedding: 3, hidden: 4 };
    const [fixed, attending] = [new AttentionSeq2Seq({ ...sizes, attention: false }), new AttentionSeq2Seq(sizes)];
    expect(fixed.attention).toBeUndefined();
    expect(attending.parameterCount() - fixed.parameterCount()).toBe(4 * 4 + 4 * 8 + 4); // W₂, W₁ and v
    const {
      "attention.key.weight": _k,
      "attention.query.weight": _q,
      "attention.score.weight": _s,
      ...shared
    } = await attending.stateDict();
    fixed.loadStateDict(shared);
    const one = integers([[3], [1]]);
    const target = integers([[5, 1, 2], [5, 4, 4]]); // prettier-ignore
    const wanted = await attending.forward(one, target).data();
    for (const [i, score] of (await fixed.forward(one, target).data()).entries())
      expect(score).toBeCloseTo(wanted[i]!, 6);
    expect(() => fixed.alignment(one, target)).toThrow(ArgumentError);
    expect((await fixed.generate(one, { start: 5, length: 3 })).shape).toEqual([2, 3]);
  });

  test("generation reads its likeliest token again, as forward scores it", async () => {
    const own = model();
    const written = (await own.generate(source, { start: 5, length: 4 }).array()) as number[][];
    const shifted = tensor(
      written.map((row) => [5, ...row.slice(0, -1)]),
      { dtype: "int32" },
    );
    const likeliest = (await own.forward(source, shifted).argmax().array()) as number[][];
    expect(likeliest).toEqual(written);
  });

  test("generation with random numbers draws each token by its probability, the one before it known", async () => {
    const own = model();
    const count = 4_000;
    const many = tensor(
      Array.from({ length: count }, () => [1, 4, 2]),
      { dtype: "int32" },
    );
    const written = (await own.generate(many, { start: 5, length: 2, random: 1 }).array()) as number[][];
    expect(await own.generate(many, { start: 5, length: 2, random: 1 }).array()).toEqual(written);
    const [first] = written[0] as [number];
    const scores = await own
      .forward(slice(source, [[0, 1]]), tensor([[5, first]], { dtype: "int32" }))
      .softmax()
      .array();
    const [initial, following] = (scores as number[][][])[0] as [number[], number[]];
    const within = (found: readonly number[], probabilities: readonly number[]) => {
      for (const [token, probability] of probabilities.entries()) {
        const share = found.filter((one) => one === token).length / found.length;
        expect(Math.abs(share - probability)).toBeLessThan(
          5 * Math.sqrt((probability * (1 - probability)) / found.length),
        );
      }
    };
    within(
      written.map(([token]) => token!),
      initial,
    );
    within(
      written.filter(([token]) => token === first).map(([, token]) => token!),
      following,
    );
  });

  test("tokens after a source's length make no difference", async () => {
    const own = model();
    const lengths = tensor([2, 3], { dtype: "int32" });
    const other = tensor(
      [
        [1, 4, 0],
        [3, 3, 0],
      ],
      { dtype: "int32" },
    );
    const target = tensor(
      [
        [5, 1],
        [5, 2],
      ],
      { dtype: "int32" },
    );
    const scores = async (tokens: Tensor) => own.forward(tokens, target, { sourceLengths: lengths }).data();
    expect(await scores(other)).toEqual(await scores(source));
  });

  test("tokens that do not make a batch are refused", () => {
    expect(() => model().forward(source, slice(source, [[0, 1]]))).toThrow(ShapeError);
    expect(() => model().generate(source, { start: 0, length: 0 })).toThrow(ArgumentError);
  });
});

describe("masks of an EncoderDecoder", () => {
  const model = new EncoderDecoder(8, { layers: 1, heads: 2, random: 1 });
  const [source, target] = [normal(key(1), [3, 4, 8]), normal(key(2), [3, 3, 8])];

  test("[batch, time] counts positions, also where there are as many sequences as positions", async () => {
    const lengths = [tensor(Int32Array.of(4, 2, 1)), tensor(Int32Array.of(3, 1, 2))] as const;
    const [sourceMask, targetMask] = [paddingMask(lengths[0], 4), paddingMask(lengths[1], 3)];
    const expected = await model.forward(source, target, { sourceMask, targetMask }).data();
    const masks = { sourceMask: sourceMask.reshape([3, 4]), targetMask: targetMask.reshape([3, 3]) };
    expect(await model.forward(source, target, masks).data()).toEqual(expected);
    expect(await model.forward(source, target).data()).not.toEqual(expected);
  });

  test("another shape is refused by its name", () => {
    const wrong = { targetMask: ones([3, 1, 3, 3], { dtype: "bool" }) };
    expect(() => model.forward(source, target, wrong)).toThrow(/targetMask is \[3,1,3,3\][^]*\[3,3\] or \[3,1,1,3\]/);
  });
});

test("an unknown order of normalizations is refused", () => {
  expect(() => new TransformerBlock(8, { heads: 2, norm: "Pre" as never })).toThrow(
    /norm is "Pre"\n {2}use "pre" or "post"$/,
  );
});
