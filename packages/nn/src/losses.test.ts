import { cpu } from "@ansatz/backend-cpu";
import {
  add,
  ArgumentError,
  checkpoint,
  full,
  grad,
  hvp,
  key,
  log,
  logSoftmax,
  mul,
  normal,
  ShapeError,
  sub,
  sum,
  tensor,
  use,
  zeros,
  type Tensor,
} from "@ansatz/core";
import { traceGraph } from "@ansatz/core/plugin";
import { beforeAll, describe, expect, test } from "vitest";
import { golden } from "./golden.ts";
import { testFunctions, type FunctionRow } from "./golden-suite.ts";
import {
  binaryCrossEntropy,
  crossEntropy,
  ctcBeamDecode,
  ctcGreedyDecode,
  ctcLoss,
  huber,
  klDivergence,
  meanAbsoluteError,
  meanSquaredError,
} from "./index.ts";

const pair = ["prediction", "target"];
const rows: readonly FunctionRow[] = [
  ["crossEntropy", ["logits", "target"], (x, y) => crossEntropy(x, y)],
  ["crossEntropy-smooth", ["logits", "target"], (x, y) => crossEntropy(x, y, { labelSmoothing: 0.2 })],
  ["crossEntropy-ignored", ["logits", "target"], (x, y) => crossEntropy(x, y, { ignoredIndex: 1 })],
  [
    "crossEntropy-weights",
    ["logits", "target", "weights"],
    (x, y, classWeights) => crossEntropy(x, y, { classWeights: classWeights! }),
  ],
  [
    "crossEntropy-all",
    ["logits", "target", "weights"],
    (x, y, classWeights) => crossEntropy(x, y, { labelSmoothing: 0.1, ignoredIndex: 4, classWeights: classWeights! }),
  ],
  [
    "crossEntropy-none",
    ["logits", "target", "weights"],
    (x, y, classWeights) =>
      crossEntropy(x, y, { labelSmoothing: 0.1, ignoredIndex: 4, classWeights: classWeights!, reduction: "none" }),
  ],
  [
    "crossEntropy-sum",
    ["logits", "target", "weights"],
    (x, y, classWeights) => crossEntropy(x, y, { ignoredIndex: 3, classWeights: classWeights!, reduction: "sum" }),
  ],
  ["meanSquaredError", pair, (x, y) => meanSquaredError(x, y)],
  ["meanSquaredError-sum", pair, (x, y) => meanSquaredError(x, y, { reduction: "sum" })],
  ["meanAbsoluteError", pair, (x, y) => meanAbsoluteError(x, y)],
  ["huber", pair, (x, y) => huber(x, y)],
  ["huber-wide", pair, (x, y) => huber(x, y, { delta: 0.4 })],
  ["huber-none", pair, (x, y) => huber(x, y, { reduction: "none" })],
  ["binaryCrossEntropy", ["logits", "target"], (x, y) => binaryCrossEntropy(x, y)],
  [
    "binaryCrossEntropy-weighted",
    ["logits", "target", "positive"],
    (x, y, positiveWeight) => binaryCrossEntropy(x, y, { positiveWeight: positiveWeight!, reduction: "none" }),
  ],
  ["klDivergence", ["logits", "target"], (x, y) => klDivergence(logSoftmax(x), y)],
  ["klDivergence-mean", ["logits", "target"], (x, y) => klDivergence(logSoftmax(x), y, { reduction: "mean" })],
  ["klDivergence-none", ["logits", "target"], (x, y) => klDivergence(logSoftmax(x), y, { reduction: "none" })],
  ["klDivergence-log", ["logits", "other"], (x, y) => klDivergence(logSoftmax(x), logSoftmax(y), { logTarget: true })],
  [
    "ctcLoss",
    ["logits", "target", "inputLengths", "targetLengths"],
    (x, y, inputLengths, targetLengths) =>
      ctcLoss(logSoftmax(x), y, {
        inputLengths: inputLengths!,
        targetLengths: targetLengths!,
        zeroInfinity: true,
        reduction: "none",
      }),
  ],
];
await testFunctions("losses", rows);

beforeAll(() => use(cpu()));

const labels = (...values: number[]): Tensor => tensor([values], { dtype: "int32" });

describe("cross-entropy", () => {
  test("crossEntropy names both shapes if they do not fit", () => {
    expect(() => crossEntropy(zeros([2, 3, 5]), zeros([2, 4], { dtype: "int32" }))).toThrow(ShapeError);
    expect(() => crossEntropy(zeros([2, 3, 5]), zeros([2, 4], { dtype: "int32" }))).toThrow(/\[2,3,5\][^]*\[2,4\]/);
  });

  test("if every target is ignored, loss and gradient are 0", async () => {
    const logits = tensor([
      [1, 2],
      [3, 1],
    ]);
    const loss = crossEntropy(logits, tensor([-100, -100], { dtype: "int32" }), { ignoredIndex: -100 });
    const slope = grad(loss, logits);
    expect(await loss.item()).toBe(0);
    expect([...(await slope.data())]).toEqual([0, 0, 0, 0]);
  });

  test("an infinite score in an ignored row has no effect", async () => {
    const logits = tensor([
      [1, 2],
      [-Infinity, 1],
    ]);
    const loss = crossEntropy(logits, tensor([0, -100], { dtype: "int32" }), { ignoredIndex: -100 });
    expect(await loss.item()).toBeCloseTo(Math.log(1 + Math.E), 5);
  });
});

describe("CTC", () => {
  test.each([
    ["two equal labels in three steps", full([3, 1, 2], Math.log(1 / 2)), labels(1, 1), 0, 3 * Math.LN2],
    ["two labels, the blank last", full([3, 1, 3], Math.log(1 / 3)), labels(0, 1), 2, -Math.log(5 / 27)],
    ["one label in two steps", full([2, 1, 2], Math.log(1 / 2)), labels(1), 0, -Math.log(0.75)],
    ["no room for a blank between", full([2, 1, 2], Math.log(1 / 2)), labels(1, 1), 0, Infinity],
    ["no label", full([2, 1, 2], Math.log(1 / 2)), tensor(new Int32Array(0), { shape: [1, 0] }), 0, 2 * Math.LN2],
  ] as const)("%s", async (_name, scores, target, blank, expected) => {
    expect(await ctcLoss(scores, target, { blank, reduction: "sum" }).item()).toBeCloseTo(expected, 5);
  });

  test.each([
    [[1, 2], 3.5236572],
    [[1, 1], 4.1181824],
    [[2, 3, 2], 3.7233497],
  ])("as Graves's formulas say, of %j", async (target, expected) => {
    const logits = tensor(
      Array.from({ length: 5 }, (_, t) => [Array.from({ length: 4 }, (_class, c) => Math.sin(0.1 * (7 * t + 3 * c)))]),
    );
    const loss = ctcLoss(logSoftmax(logits), labels(...target), { reduction: "sum" });
    const slope = grad(loss, logits);
    expect(await loss.item()).toBeCloseTo(expected, 5);
    if (target.length !== 2 || target[1] !== 2) return;
    const slopes = [...(await slope.data())].slice(0, 4);
    for (const [i, slope] of [-0.167901, -0.459554, 0.27956, 0.347895].entries())
      expect(slopes[i]).toBeCloseTo(slope, 5);
  });

  test("200 random cases give PyTorch's infinities, mean and sum", async () => {
    const recorded = await golden("losses", "ctcLoss");
    const options = { inputLengths: recorded.tensor("inputLengths"), targetLengths: recorded.tensor("targetLengths") };
    const scores = logSoftmax(recorded.tensor("logits"));
    const target = recorded.tensor("target");
    const [found, expected] = [
      await ctcLoss(scores, target, { ...options, reduction: "none" }).data(),
      await recorded.tensor("infinite").data(),
    ];
    expect(expected).toHaveLength(200);
    expect([...expected].filter((loss) => loss === Infinity).length).toBeGreaterThan(10);
    for (const [i, loss] of expected.entries()) expect(found[i]).toBeCloseTo(loss, 4);
    for (const reduction of ["mean", "sum"] as const)
      expect(
        (await ctcLoss(scores, target, { ...options, zeroInfinity: true, reduction }).item()) /
          (await recorded.tensor(reduction).item()),
      ).toBeCloseTo(1, 5);
  });

  test("a target without an alignment has no gradient and affects no other, whatever the padding holds", async () => {
    const logits = zeros([2, 2, 3]);
    const target = tensor(
      [
        [1, 1],
        [2, -7],
      ],
      { dtype: "int32" },
    );
    const loss = ctcLoss(logSoftmax(logits), target, {
      targetLengths: tensor([2, 1], { dtype: "int32" }),
      reduction: "none",
    });
    const slope = grad(sum(loss), logits);
    expect((await loss.data())[0]).toBe(Infinity);
    const slopes = (await slope.array()) as number[][][];
    expect(slopes.map((step) => step[0])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(slopes.flat(2).every(Number.isFinite)).toBe(true);
    expect(slopes[0]![1]!.some((slope) => slope !== 0)).toBe(true);
  });

  test.each([
    ["frames without a doubt", [[1], [2], [3]], [1, 2, 3], 0, [1, 2, 3]],
    ["a frame that leaves two classes open", [[1], [2, 3], [3]], [1, 3], Math.LN2, [1, 3, 3]],
    ["frames that say another target", [[1], [1], [3]], [1, 2], Infinity, []],
  ] as const)("classes of probability 0, %s: loss and slopes", async (_name, frames, target, expected, path) => {
    const classes = [0, 1, 2, 3];
    const scores = tensor(
      frames.map((open: readonly number[]) => [
        classes.map((label) => (open.includes(label) ? -Math.log(open.length) : -Infinity)),
      ]),
    );
    for (const zeroInfinity of [false, true]) {
      const loss = ctcLoss(scores, labels(...target), { reduction: "sum", zeroInfinity });
      const slopes = (await grad(loss, scores).array()) as number[][][];
      expect(await loss.item()).toBeCloseTo(expected === Infinity && zeroInfinity ? 0 : expected, 6);
      // The slope of a log-probability is −1 on the only alignment there is.
      const shares = frames.map((_, t) => classes.map((label) => (label === path[t] ? 1 : 0)));
      expect(slopes.map(([step]) => step!.map((slope) => 0 - slope))).toEqual(shares);
    }
  });

  test("NaN stays NaN, also with zeroInfinity", async () => {
    const scores = tensor([[[0, NaN]], [[NaN, 0]]]);
    for (const zeroInfinity of [false, true])
      expect(await ctcLoss(scores, labels(1), { reduction: "sum", zeroInfinity }).item()).toBeNaN();
  });

  test("masked logits: loss and slopes are those of the alignments that are left", async () => {
    const values = [0.1, 0.5, -Infinity, 0.3, -0.2, 0.4, -Infinity, 0.6, -0.1, 0.2, -Infinity, 0.7];
    const logits = tensor(values, { shape: [4, 1, 3] });
    const loss = ctcLoss(logSoftmax(logits), labels(1, 2), { reduction: "sum" });
    const slopes = await grad(loss, logits).data();
    // −ln of the sum over all alignments, enumerated and differentiated in PyTorch, whose own slopes are NaN here.
    expect(await loss.item()).toBeCloseTo(0.9596716, 6);
    const expected = [
      0.06537261, -0.06537261, 0, 0.01680386, -0.21298184, 0.19617797, 0, 0.26459759, -0.26459759, 0.15237171, 0,
      -0.15237171,
    ];
    for (const [i, slope] of expected.entries()) expect(slopes[i]).toBeCloseTo(slope, 6);
  });

  test("slopes need one loop, also where it is computed again, and second derivatives are theirs", async () => {
    await use(cpu());
    const float64 = { dtype: "float64" } as const;
    const logits = normal(key(1), [6, 2, 4], float64);
    const target = tensor(
      [
        [1, 1],
        [3, 2],
      ],
      { dtype: "int32" },
    );
    const lengths = {
      inputLengths: tensor([6, 4], { dtype: "int32" }),
      targetLengths: tensor([2, 1], { dtype: "int32" }),
    };
    const loss = (x: Tensor) => ctcLoss(logSoftmax(x), target, { ...lengths, reduction: "sum" });
    const slopes = async (x: Tensor, of = loss) => [...(await grad(of(x), x).data())];
    const direction = normal(key(2), [6, 2, 4], float64);
    const bump = mul(direction, 1e-5);
    const [ahead, back] = [await slopes(add(logits, bump)), await slopes(sub(logits, bump))];
    for (const [i, product] of (await hvp(loss(logits), logits, direction).data()).entries())
      expect(product).toBeCloseTo((ahead[i]! - back[i]!) / 2e-5, 6);
    expect(await slopes(logits, checkpoint(loss))).toEqual(await slopes(logits));
    const { graph } = traceGraph((x) => grad(loss(x), x), [{ shape: [6, 2, 4], dtype: "float64" }], cpu());
    expect(graph.nodes.filter(({ op }) => op === "scan")).toHaveLength(1);
  });

  test("shapes that do not fit are all named", () => {
    expect(() => ctcLoss(zeros([2, 3, 4]), labels(1))).toThrow(/time batch classes[^]*batch labels/);
  });

  /** Every labelling of a few steps, with the total probability of its alignments. */
  function exhaustive(steps: readonly (readonly number[])[]): Map<string, number> {
    const found = new Map<string, number>();
    const walk = (path: readonly number[], probability: number): void => {
      const scores = steps[path.length];
      if (scores === undefined) {
        const name = path.filter((label, t) => label !== 0 && label !== path[t - 1]).join();
        found.set(name, (found.get(name) ?? 0) + probability);
      } else for (const [label, score] of scores.entries()) walk([...path, label], probability * score);
    };
    walk([], 1);
    return found;
  }

  test("a wide enough beam finds every labelling with its probability, the likeliest first", async () => {
    const steps = [
      [0.6, 0.4, 0],
      [0.6, 0.4, 0],
      [0.3, 0.3, 0.4],
      [0.5, 0.1, 0.4],
    ];
    const scores = log(tensor(steps.map((step) => [step])));
    const expected = exhaustive(steps);
    const [hypotheses] = await ctcBeamDecode(scores, { beams: 1000 });
    for (const { labels: found, logProbability } of hypotheses!)
      expect(Math.exp(logProbability)).toBeCloseTo(expected.get(found.join()) ?? 0, 6);
    const [best] = [...expected].toSorted((a, b) => b[1] - a[1]);
    expect(hypotheses![0]!.labels.join()).toBe(best![0]);
    expect(await ctcGreedyDecode(scores)).toEqual([[2]]);
    expect(hypotheses![0]!.labels).not.toEqual([2]);
    for (const { labels: found } of hypotheses!.slice(0, 3)) {
      if (found.length === 0) continue;
      expect(Math.exp(-(await ctcLoss(scores, labels(...found), { reduction: "sum" }).item()))).toBeCloseTo(
        expected.get(found.join())!,
        5,
      );
    }
  });

  test("decoding respects lengths and the blank, and refuses wrong arguments", async () => {
    const scores = tensor([[[0, 1, 0]], [[0, 0, 1]], [[1, 0, 0]]]);
    expect(await ctcGreedyDecode(scores, { lengths: [2] })).toEqual([[1, 2]]);
    expect(await ctcGreedyDecode(scores, { blank: 2 })).toEqual([[1, 0]]);
    await expect(ctcGreedyDecode(scores, { lengths: [4] })).rejects.toThrow(ArgumentError);
    await expect(ctcBeamDecode(scores, { beams: 0 })).rejects.toThrow(ArgumentError);
  });
});

test("losses refuse to broadcast, and refuse invalid options", () => {
  for (const loss of [meanSquaredError, meanAbsoluteError, huber, binaryCrossEntropy, klDivergence])
    expect(() => loss(zeros([3, 1]), zeros([3]))).toThrow(ShapeError);
  expect(() => huber(zeros([1]), zeros([1]), { delta: 0 })).toThrow(ArgumentError);
  expect(() => meanSquaredError(zeros([1]), zeros([1]), { reduction: "average" as never })).toThrow(/"average"/);
});
