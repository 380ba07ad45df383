import { cpu } from "@ansatz/backend-cpu";
import {
  ArgumentError,
  DTypeError,
  gather,
  grad,
  integers,
  key,
  normal,
  ShapeError,
  tensor,
  uniform,
  use,
  where,
  type Tensor,
} from "@ansatz/core";
import { crossEntropy } from "@ansatz/nn";
import { beforeAll, describe, expect, test } from "vitest";
import { atMostOnce, eachOnce, fixedChoice, lstmEncoder, PointerNetwork, transformerEncoder } from "./index.ts";
import type { Pointer } from "./pointer.ts";

beforeAll(async () => use(cpu()));

const network = (options = {}) => new PointerNetwork({ inputs: 2, hidden: 8, random: 3, ...options });
const elements = uniform(key(7), [2, 4, 2]);
const target = integers([
  [2, 0, 3, 1],
  [1, 3, 0, 2],
]);
const nested = async (x: Tensor) => (await x.array()) as number[][][];

describe("mistakes that pointer networks are known for", () => {
  test("a padded place has probability 0, and what stands there changes nothing", async () => {
    const lengths = tensor(Int32Array.of(4, 2));
    const answer = integers([
      [2, 0, 3, 1],
      [1, 0, -1, -1],
    ]);
    for (const encoder of [undefined, transformerEncoder({ layers: 1, heads: 2 })]) {
      const model = network({ glimpses: 1, ...(encoder && { encoder }) });
      const probabilities = await nested(model.forward(elements, answer, { lengths }).softmax());
      for (const step of probabilities[1]!) expect(step.slice(2)).toEqual([0, 0]);
      const stays = integers([
        [1, 1, 1, 1],
        [1, 1, 0, 0],
      ]);
      const changed = where(stays.equal(1).reshape([2, 4, 1]), elements, 9);
      expect((await nested(model.forward(changed, answer, { lengths }).softmax()))[1]!.slice(0, 2)).toEqual(
        probabilities[1]!.slice(0, 2),
      );
    }
  });

  test("where nothing is valid, neither the loss nor a gradient is NaN", async () => {
    const model = network({ glimpses: 1 });
    // After its only place, the second row has no valid choice. A row without any place never has one.
    for (const [count, place] of [
      [1, 0],
      [0, -1],
    ] as const) {
      const options = { lengths: tensor(Int32Array.of(4, count)), constraint: eachOnce };
      const answer = integers([
        [2, 0, 3, 1],
        [place, -1, -1, -1],
      ]);
      const loss = crossEntropy(model.forward(elements, answer, options), answer, { ignoredIndex: -1 });
      const gradients = grad(loss, model.parameters());
      expect(await loss.item()).toBeLessThan(10);
      for (const gradient of gradients)
        for (const value of await gradient.data()) expect(value).toSatisfy(Number.isFinite);
    }
  });

  test("what follows the end is not part of the loss, and the end is", async () => {
    const model = network({ ends: true });
    const loss = (own: Tensor) => crossEntropy(model.forward(elements, own), own, { ignoredIndex: -1 }).item();
    const short = integers([
      [2, 0, 4],
      [1, 3, 4],
    ]);
    const padded = integers([
      [2, 0, 4, -1, -1],
      [1, 3, 4, -1, -1],
    ]);
    const withoutEnd = integers([
      [2, 0],
      [1, 3],
    ]);
    expect(await loss(padded)).toBeCloseTo(await loss(short), 6);
    expect(Math.abs((await loss(withoutEnd)) - (await loss(short)))).toBeGreaterThan(1e-4);
  });

  test("the decoder reads the element at the place that was said, and no other element", async () => {
    const model = network();
    // With states of the encoder that do not depend on the elements, a step depends on what the decoder read alone.
    model.encoder.forward = () => [
      normal(key(1), [2, 4, 8]),
      { hidden: normal(key(2), [1, 2, 8]), cell: normal(key(3), [1, 2, 8]) },
    ];
    const said = integers([
      [2, 0],
      [2, 0],
    ]);
    const scores = async (x: Tensor) => nested(model.forward(x, said));
    const before = await scores(elements);
    const at = (place: number) => integers([0, 1, 2, 3]).equal(place).reshape([1, 4, 1]);
    for (const place of [0, 1, 3]) expect(await scores(where(at(place), 5, elements))).toEqual(before);
    const after = await scores(where(at(2), 5, elements));
    for (const row of [0, 1]) {
      expect(after[row]![0]).toEqual(before[row]![0]);
      expect(after[row]![1]).not.toEqual(before[row]![1]);
    }
  });

  test("no step sees the answers to itself and to later ones", async () => {
    const model = network({ glimpses: 1 });
    for (const options of [{}, { constraint: eachOnce }]) {
      const before = await nested(model.forward(elements, target, options));
      const other = integers([
        [2, 1, 3, 0],
        [1, 3, 0, 2],
      ]);
      const after = await nested(model.forward(elements, other, options));
      expect(after[0]!.slice(0, 2)).toEqual(before[0]!.slice(0, 2));
      expect(after[0]![2]).not.toEqual(before[0]![2]);
      expect(after[1]).toEqual(before[1]);
    }
  });

  test("scores are additive: bounded by the sum of |v|, however far the elements are", async () => {
    const model = network();
    const bound = Array.from(await (model.choice as Pointer).pointer.score.weight.data(), Math.abs).reduce(
      (total, v) => total + v,
    );
    for (const value of await model.forward(elements.mul(1e4), target).data())
      expect(Math.abs(value)).toBeLessThanOrEqual(bound * (1 + 1e-6));
  });
});

test("the default encoder is the LSTM of the paper", async () => {
  const [one, other] = [network(), network({ encoder: lstmEncoder() })];
  expect(await one.forward(elements, target).array()).toEqual(await other.forward(elements, target).array());
});

test("the order of the elements does not matter to an encoder without positions", async () => {
  const model = network({ encoder: transformerEncoder({ layers: 2, heads: 2 }) });
  const order = [3, 1, 0, 2];
  const moved = integers(order);
  const answer = await nested(model.forward(elements, target));
  const place = integers([0, 1, 2, 3].map((old) => order.indexOf(old)));
  const permuted = await nested(model.forward(gather(elements, moved, 1), gather(place, target)));
  for (const [row, steps] of answer.entries())
    for (const [step, scores] of steps.entries())
      for (const [i, old] of order.entries()) expect(permuted[row]![step]![i]).toBeCloseTo(scores[old]!, 5);
});

test("with the constraint, scores of places that were said before are as good as −∞", async () => {
  const probabilities = await nested(network().forward(elements, target, { constraint: eachOnce }).softmax());
  for (const [row, said] of [
    [2, 0, 3, 1],
    [1, 3, 0, 2],
  ].entries())
    for (const [step, places] of probabilities[row]!.entries())
      for (const [place, probability] of places.entries())
        if (said.indexOf(place) < step) expect(probability).toBe(0);
        else expect(probability).toBeGreaterThan(0);
});

describe("bad input", () => {
  const sizes = { inputs: 2, hidden: 4 };

  test.each([
    ["inputs is 0", () => new PointerNetwork({ inputs: 0, hidden: 4 })],
    ["hidden is 1.5", () => new PointerNetwork({ inputs: 1, hidden: 1.5 })],
    ["glimpses is -1", () => new PointerNetwork({ ...sizes, glimpses: -1 })],
    ["places is 0", () => fixedChoice({ places: 0 })],
    [
      "it has no glimpses, but 1 are asked for",
      () => new PointerNetwork({ ...sizes, glimpses: 1, choice: fixedChoice({ places: 3 }) }),
    ],
    ["the encoder is not a factory", () => network({ encoder: transformerEncoder })],
    ["the constraint returned no places", () => network().greedy(elements, { constraint: atMostOnce as never })],
    ["beams is 0", () => network().beamSearch(elements, { beams: 0 })],
    ["steps is 0", () => network().greedy(elements, { steps: 0 })],
  ])("%s", (message, make) => {
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(message);
  });

  test.each([
    [
      "the elements are [2,4,1] but must be [batch, places, inputs] with 2 inputs",
      () => network().forward(elements.slice([null, null, [0, 1]]), target),
    ],
    ["and neither may be empty", () => network().greedy(elements.slice([[0, 0]]))],
    ["the target is [1,4] but must be [2, steps]", () => network().forward(elements, target.slice([[0, 1]]))],
    [
      "the lengths are [3] but must be [batch], here [2]",
      () => network().greedy(elements, { lengths: tensor(Int32Array.of(1, 2, 3)) }),
    ],
    [
      "there are 4 elements but it has 3 places",
      () => network({ choice: fixedChoice({ places: 3 }) }).forward(elements, target),
    ],
  ])("%s", (message, run) => {
    expect(run).toThrow(ShapeError);
    expect(run).toThrow(message);
  });

  test("lengths must be whole numbers", () => {
    expect(() => network().greedy(elements, { lengths: tensor([2, 3]) })).toThrow(DTypeError);
  });
});
