import { grad, matmul, mul, realize, sum, tensor, transpose, use, type Tensor } from "@ansatz/core";
import { beforeAll, describe, expect, test } from "vitest";
import { backends } from "./golden-suite.ts";
import { Linear, quantize, QuantizedLinear, Sequential, TransformerLM } from "./index.ts";

describe.each(backends)("8-bit weights on %s", (_name, backend) => {
  beforeAll(async () => use(await backend()));

  /** The weights that a layer really multiplies with: its outputs for the unit vectors. */
  async function weightsOf(layer: QuantizedLinear, inputs: number): Promise<number[][]> {
    const units = tensor(
      Float32Array.from({ length: inputs * inputs }, (_, i) => Number(i % (inputs + 1) === 0)),
      { shape: [inputs, inputs] },
    );
    return (await transpose(layer.forward(units)).array()) as number[][];
  }

  test("are the nearest of 255 steps in each row, the largest weight exact", async () => {
    const linear = new Linear(7, 3, { bias: false });
    const rows = [
      [127, -127, 1, 0, -1, 63.4, -63.6],
      [0.5, 0.25, -0.1, 0.003, 0, -0.5, 0.49],
      [0, 0, 0, 0, 0, 0, 0],
    ];
    linear.weight.load(Float32Array.from(rows.flat()));
    const layer = await QuantizedLinear.of(linear);
    const found = await weightsOf(layer, 7);
    expect(found[0]).toEqual([127, -127, 1, 0, -1, 63, -64]);
    for (const [i, weight] of rows[1]!.entries())
      expect(found[1]![i]).toBeCloseTo(Math.round(weight / (0.5 / 127)) * (0.5 / 127), 6);
    expect(found[2]).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(layer.words.shape).toEqual([3, 2]); // seven numbers take two words
  });

  test("every byte comes back from its word", async () => {
    const linear = new Linear(256, 1, { bias: false });
    linear.weight.load(Float32Array.from({ length: 256 }, (_, i) => ((i * 89) % 255) - 127));
    const found = await weightsOf(await QuantizedLinear.of(linear), 256);
    expect(found[0]).toEqual(Array.from({ length: 256 }, (_, i) => ((i * 89) % 255) - 127));
  });

  test("the reported error is the rounding error: half a step at most, and step / √12 on average", async () => {
    const linear = new Linear(400, 50, { random: 3, bias: false }); // uniform within ±1/20
    const layer = await QuantizedLinear.of(linear);
    const [exact, found] = [await linear.weight.data(), (await weightsOf(layer, 400)).flat()];
    const off = found.map((value, i) => value - exact[i]!);
    expect(layer.error.largest).toBeCloseTo(Math.max(...off.map(Math.abs)), 6);
    expect(layer.error.relative).toBeCloseTo(Math.hypot(...off) / Math.hypot(...exact), 5);
    const step = 0.05 / 127;
    expect(layer.error.largest).toBeLessThanOrEqual(0.5 * step * 1.001);
    expect(layer.error.relative).toBeCloseTo(step / Math.sqrt(12) / (0.05 / Math.sqrt(3)), 4);
  });

  test("a frozen layer passes gradients to its input, and has no parameters", async () => {
    const layer = await QuantizedLinear.of(new Linear(3, 2, { random: 1 }));
    const x = tensor([[1, 2, 3]]);
    const c = tensor([[2, -1]]);
    const slope = grad(sum(mul(layer.forward(x), c)), x);
    const weights = await weightsOf(await QuantizedLinear.of(new Linear(3, 2, { random: 1, bias: false })), 3);
    const expected = await matmul(c, tensor(weights)).data();
    for (const [i, value] of (await slope.data()).entries()) expect(value).toBeCloseTo(expected[i]!, 5);
    expect(layer.parameterCount()).toBe(0);
    expect([...layer.namedBuffers().keys()]).toEqual(["words", "scale", "bias"]);
  });

  test("a whole model changes little, and its linear weights take a quarter of the bytes", async () => {
    const model = new TransformerLM({
      vocabularySize: 32,
      width: 32,
      layers: 2,
      heads: 4,
      context: 8,
      random: 5,
    }).eval();
    const tokens = tensor([[1, 5, 9, 30, 2, 2, 7, 0]], { dtype: "int32" });
    const bytes = async () =>
      Object.entries(await model.stateDict()).reduce(
        (total, [name, { data }]) =>
          total + (/weight|words/.test(name) && !/norm|tokens|positions/i.test(name) ? data.byteLength : 0),
        0,
      );
    const [before, size] = [await model.forward(tokens).data(), await bytes()];
    const errors = await quantize(model);
    expect(Object.keys(errors)).toHaveLength(2 * 6 + 1);
    expect(Object.keys(errors)).toContain("blocks.1.feedForward.contract");
    for (const { relative } of Object.values(errors)) expect(relative).toBeLessThan(0.01);
    const after = await model.forward(tokens).data();
    const off = after.map((value: number, i: number) => value - before[i]!);
    expect(Math.hypot(...off) / Math.hypot(...before)).toBeLessThan(0.02);
    expect(Math.hypot(...off)).toBeGreaterThan(0);
    expect(await bytes()).toBe(size / 4);
  });

  test("its state goes out and in", async () => {
    const make = async (random: number) => {
      const model = new Sequential(new Linear(5, 3, { random }));
      await quantize(model);
      return model;
    };
    const [one, other] = [await make(1), await make(2)];
    other.loadStateDict(await one.stateDict());
    const x: Tensor = tensor([[1, -2, 3, 0.5, 0.1]]);
    const [a, b] = [one.forward(x), other.forward(x)];
    await realize(a, b);
    expect(await b.data()).toEqual(await a.data());
  });
});
