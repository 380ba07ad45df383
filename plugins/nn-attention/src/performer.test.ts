import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, exp, key, matmul, mean, normal, realize, square, sub, transpose, use } from "@ansatz/core";
import { MultiHeadAttention, TransformerBlock, TransformerLM } from "@ansatz/nn";
import { beforeAll, expect, test } from "vitest";
import { Performer, performer, positiveFeatures, randomDirections, redrawFeatures } from "./index.ts";

beforeAll(() => use(cpu()));

const d = 8;
const [q, k] = key(1)
  .split()
  .map((own) => normal(own, [6, d], { std: 0.5 })); // so short that no single feature decides

/** The mean squared error of the kernel's estimate, relative to the kernel, over many draws of Ω. */
async function errorOf(count: number, orthogonal: boolean, draws = 200): Promise<number> {
  const exact = exp(matmul(q!, transpose(k!)).mul(d ** -0.5));
  let total = 0;
  for (let draw = 0; draw < draws; draw++) {
    const directions = randomDirections(key(2).fold(draw), count, d, { orthogonal });
    const estimate = matmul(positiveFeatures(q!, directions), transpose(positiveFeatures(k!, directions)));
    total += await mean(square(sub(estimate, exact).div(exact))).item();
  }
  return total / draws;
}

test("the kernel's mean squared error falls as 1 / m, and orthogonal directions make it smaller", async () => {
  const [few, many, orthogonal] = [await errorOf(8, false), await errorOf(128, false), await errorOf(8, true)];
  expect(few / many).toBeGreaterThan(16 / 1.6);
  expect(few / many).toBeLessThan(16 * 1.6);
  expect(orthogonal).toBeLessThan(0.95 * few);
});

test("the estimate is unbiased: its mean over many draws is exp(q · k / √d)", async () => {
  const draws = 100;
  const total = new Float64Array(36);
  for (let draw = 0; draw < draws; draw++) {
    const directions = randomDirections(key(3).fold(draw), 64, d);
    const estimate = matmul(positiveFeatures(q!, directions), transpose(positiveFeatures(k!, directions)));
    for (const [i, value] of (await estimate.data()).entries()) total[i]! += value / draws;
  }
  // Scaling only one of q and k by d^−½ would shift it by the difference of their lengths.
  const exact = await exp(matmul(q!, transpose(k!)).mul(d ** -0.5)).data();
  for (const [i, value] of exact.entries()) expect(total[i]! / value).toBeCloseTo(1, 1);
});

test("directions in a block are orthogonal, with the lengths of normal rows; independent ones are not", async () => {
  const directions = randomDirections(key(4), 20, d);
  const products = (await matmul(directions, transpose(directions)).array()) as number[][];
  for (let i = 0; i < 20; i++)
    for (let j = 0; j < i; j++)
      if (Math.floor(i / d) === Math.floor(j / d)) expect(Math.abs(products[i]![j]!)).toBeLessThan(1e-4);
  expect(Math.abs(products[9]![1]!)).toBeGreaterThan(1e-3); // of different blocks
  const long = square(randomDirections(key(5), 256, 64));
  expect(await mean(long).item()).toBeCloseTo(1, 1); // E |ω|² = d
  const variance = mean(square(sub(long.sum(-1), 64)));
  expect((await variance.item()) / (2 * 64)).toBeCloseTo(1, 0); // Var |ω|² = 2 d
  const independent = randomDirections(key(4), 20, d, { orthogonal: false });
  const [first, second] = (await independent.array()) as number[][];
  expect(Math.abs(first!.reduce((total, value, i) => total + value * second![i]!, 0))).toBeGreaterThan(1e-3);
});

test("attention approaches softmax attention as features grow", async () => {
  const exact = new MultiHeadAttention(8, { heads: 2, random: 1 });
  const x = normal(key(6), [2, 12, 8], { std: 0.5 });
  for (const causal of [true, false]) {
    const expected = exact.forward(x, { causal });
    const errors: number[] = [];
    for (const features of [16, 4_096]) {
      const layer = new Performer(8, { heads: 2, features, orthogonal: false, random: 1 });
      layer.loadStateDict(await exact.stateDict(), { strict: false });
      errors.push(await mean(square(sub(layer.forward(x, { causal }), expected))).item());
    }
    expect(errors[1]).toBeLessThan(errors[0]! / 30);
    expect(errors[1]).toBeLessThan(0.01 * (await mean(square(expected)).item()));
  }
});

test("large keys and queries neither overflow nor lose the normalization", async () => {
  const layer = new Performer(8, { heads: 2, random: 1 });
  const x = normal(key(7), [1, 6, 8]).mul(30);
  for (const causal of [true, false])
    expect((await layer.forward(x, { causal }).data()).every(Number.isFinite)).toBe(true);
  // Weights sum to 1: equal values give that value.
  const same = layer.forward(normal(key(8), [1, 1, 8]).broadcastTo([1, 5, 8]));
  const [first, ...others] = ((await same.array()) as number[][][])[0]!;
  for (const row of others) for (const [i, value] of row.entries()) expect(value).toBeCloseTo(first![i]!, 5);
});

test("features are a buffer that is drawn again on demand, and saved", async () => {
  const model = new TransformerLM({
    vocabularySize: 5,
    width: 8,
    layers: 2,
    heads: 2,
    context: 4,
    attention: performer({ features: 6 }),
    random: 1,
  });
  const names = [...model.namedBuffers().keys()];
  expect(names).toEqual(["blocks.0.attention.directions", "blocks.1.attention.directions"]);
  const read = async () => (await model.stateDict())[names[0]!]!.data;
  const before = await read();
  redrawFeatures(model);
  await realize();
  const after = await read();
  expect(after).not.toEqual(before);
  const saved = model.randomState();
  redrawFeatures(model);
  await realize();
  const next = await read();
  model.loadRandomState(saved);
  redrawFeatures(model);
  await realize();
  expect(await read()).toEqual(next);
  const independent = new Performer(16, { heads: 1, features: 16, orthogonal: false });
  independent.redraw();
  const products = (await matmul(independent.directions, transpose(independent.directions)).array()) as number[][];
  expect(Math.abs(products[0]![1]!)).toBeGreaterThan(1e-3); // drawn again as they were made
  model.to("float64");
  redrawFeatures(model);
  expect(model.blocks[0]!.attention).toBeInstanceOf(Performer);
  expect(() => redrawFeatures(new TransformerBlock(8, { heads: 2 }))).toThrow(/no Performer/);
});

test("the number of features is d ln d by default, and must be whole", () => {
  expect(new Performer(64, { heads: 2 }).directions.shape).toEqual([111, 32]);
  for (const features of [0, 1.5]) expect(() => new Performer(8, { heads: 2, features })).toThrow(ArgumentError);
});
