/** Both layers: conformance, the layers of transformers, the slot of nn's blocks, and generation. */
import { cpu } from "@ansatz/backend-cpu";
import {
  add,
  ArgumentError,
  concat,
  grad,
  key,
  Module,
  mul,
  normal,
  ones,
  slice,
  sum,
  tensor,
  use,
  type Tensor,
} from "@ansatz/core";
import { leavesOf, traceGraph } from "@ansatz/core/plugin";
import {
  generate,
  normalInitializer,
  paddingMask,
  TransformerBlock,
  TransformerEncoder,
  TransformerLM,
} from "@ansatz/nn";
import { expectClose, testModule } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { GatedDeltaNet, gatedDeltaNet, Mamba2, mamba2, type StateSpaceLayer } from "./index.ts";
import { goldens } from "./golden.ts";
import { onEveryBackend } from "./testing.ts";

const sizes = { heads: 2, random: 1 };
const layers: readonly (readonly [name: string, make: (chunk?: number) => StateSpaceLayer])[] = [
  ["Mamba2", (chunk = 3) => new Mamba2(8, { ...sizes, state: 5, chunk })],
  ["GatedDeltaNet", (chunk = 3) => new GatedDeltaNet(8, { ...sizes, keys: 3, values: 5, chunk })],
];
/** A layer as the suite calls it. */
class Subject extends Module {
  readonly layer: StateSpaceLayer;

  constructor(layer: StateSpaceLayer) {
    super();
    this.layer = layer;
  }

  forward(x: Tensor): Tensor {
    return this.layer.forward(x, { causal: true });
  }
}

const x = () => normal(key(1), [2, 7, 8]);

await onEveryBackend((backend) => {
  for (const [, make] of layers)
    testModule(
      () => new Subject(make()),
      () => [x()],
      backend,
    );

  describe("as in transformers, forward and backward:", () => {
    beforeAll(async () => use(await backend()));

    test.each([
      ["Mamba2", () => new Mamba2(12, { heads: 4, state: 5, chunk: 4 })],
      ["GatedDeltaNet", () => new GatedDeltaNet(12, { heads: 2, keys: 5, values: 6, chunk: 4 })],
    ] as const)("%s", async (name, make) => {
      const golden = await goldens(name);
      const layer: StateSpaceLayer = make();
      for (const [own, parameter] of layer.namedParameters()) parameter.load(await golden(own).data());
      const input = golden("x");
      const y = layer.forward(input);
      const slopes = grad(sum(mul(y, golden("c/y"))), { x: input, ...Object.fromEntries(layer.namedParameters()) });
      await expectClose(y, golden("y"));
      for (const [own, slope] of Object.entries(slopes)) await expectClose(slope, golden(`grad/${own}`));
    });
  });

  describe.each(layers)("%s", (_name, make) => {
    beforeAll(async () => use(await backend()));

    test("step by step with a cache it says the same as for the whole sequence", async () => {
      const layer = make();
      const whole = layer.forward(x(), { causal: true });
      let cache = layer.begin(2, 7, "float32");
      for (let position = 0; position < 7; position++) {
        const [y, next] = layer.step(slice(x(), [null, [position, position + 1]]), tensor(position), cache);
        await expectClose(y, slice(whole, [null, [position, position + 1]]));
        cache = next;
      }
    });

    test("in chunks of any length it has the values and gradients of the recurrence", async () => {
      const results = (chunk: number) => {
        const layer = make(chunk);
        const y = layer.forward(x());
        return [y, ...grad(sum(mul(y, normal(key(2), y.shape))), layer.parameters())];
      };
      const squares = (chunk: number) => {
        const { graph } = traceGraph(
          (own: Tensor) => make(chunk).forward(own),
          [{ shape: x().shape, dtype: "float32" }],
          cpu(),
        );
        return new Set(graph.nodes.flatMap(({ shape }) => (shape.at(-1) === shape.at(-2) ? [shape.at(-1)!] : [])));
      };
      expect(squares(2)).toContain(2); // its positions are compared pair by pair
      expect(() => make(0)).toThrow(ArgumentError);
      const expected = results(1);
      for (const chunk of [2, 7, 64])
        for (const [i, result] of results(chunk).entries()) await expectClose(result, expected[i]!);
    });
  });
});

describe.each([
  ["mamba2", mamba2({ state: 4 }), Mamba2],
  ["gatedDeltaNet", gatedDeltaNet(), GatedDeltaNet],
] as const)("%s, instead of attention,", (name, attention, kind) => {
  const options = { vocabularySize: 5, width: 8, layers: 2, heads: 2, context: 12, random: 1 };
  beforeAll(async () => use(cpu()));

  test("is one changed line of a language model, which writes the same text with and without a cache", async () => {
    const model = new TransformerLM({ ...options, attention });
    expect(model.blocks.map((block) => block.attention instanceof kind)).toEqual([true, true]);
    for (const own of model.parameters())
      if (own.shape.length === 2) own.load((await own.read().data()).map((weight: number) => 20 * weight));
    const cached = await generate(model, [1, 2, 3], { length: 9, temperature: 0 });
    const text = [1, 2, 3];
    while (text.length < 12) {
      const scores = model.forward(tensor([text], { dtype: "int32" }));
      text.push(await slice(scores, [null, -1]).reshape([5]).argmax().item());
    }
    expect(cached).toEqual(text.slice(3));
    expect(new Set(cached).size).toBeGreaterThan(1);
  });

  test("does not look ahead", async () => {
    const block = new TransformerBlock(8, { heads: 2, attention, random: 1 });
    const [first, changed] = [x(), add(x(), mul(10, ones([1, 1, 8])))];
    const mixed = concat([slice(first, [null, [0, 4]]), slice(changed, [null, [4, null]])], 1);
    const [before, after] = [block.forward(first), block.forward(mixed)];
    await expectClose(slice(after, [null, [0, 4]]), slice(before, [null, [0, 4]]), 0);
    expect(
      await slice(after, [null, 4])
        .sub(slice(before, [null, 4]))
        .abs()
        .max()
        .item(),
    ).toBeGreaterThan(0.1);
  });

  test("keeps as much of a long text as of a short one", () => {
    const layer = attention(8, { heads: 2 }) as StateSpaceLayer;
    const [short, long] = [10, 1_000_000].map((length) => leavesOf(layer.begin(3, length, "float32")));
    expect(long!.map(({ shape }) => shape)).toEqual(short!.map(({ shape }) => shape));
    expect(short!.map(({ shape }) => shape[0])).toEqual([3, 3]);
  });

  test("takes heads, biases, initial weights and the seed from the block, unless it has its own", async () => {
    const given = { heads: 4, bias: true, initializer: normalInitializer(0.1), random: 3 };
    const layer = attention(8, { ...given, outputInitializer: normalInitializer(0) }) as StateSpaceLayer;
    expect(layer.logRate.shape).toEqual([4]);
    expect(layer.output.bias?.shape).toEqual([8]);
    expect(Math.max(...(await layer.output.weight.data()))).toBe(0);
    const weights = Array.from(await layer.input.weight.data());
    const spread = Math.sqrt(weights.reduce((total, w) => total + w * w, 0) / weights.length);
    expect(spread).toBeCloseTo(0.1, 1);
    expect((attention(8, { heads: 2 }) as StateSpaceLayer).output.bias).toBeUndefined();
    const again = attention(8, { ...given, random: 3 }) as StateSpaceLayer;
    expect(await again.input.weight.data()).toEqual(await layer.input.weight.data());
    const factory = name === "mamba2" ? mamba2({ heads: 1 }) : gatedDeltaNet({ heads: 1 });
    expect((factory(8, { heads: 2 }) as StateSpaceLayer).logRate.shape).toEqual([1]);
    const unset = { heads: undefined } as object;
    const unchanged = name === "mamba2" ? mamba2(unset) : gatedDeltaNet(unset);
    expect((unchanged(8, { heads: 2 }) as StateSpaceLayer).logRate.shape).toEqual([2]);
  });

  test("a seed draws each part on its own, and two layers without one differ", async () => {
    const weights = async (...random: number[]) => {
      const layer = attention(8, { heads: 2, ...(random.length > 0 && { random: random[0]! }) }) as StateSpaceLayer;
      return [await layer.input.weight.data(), await layer.output.weight.data()] as const;
    };
    const [input, output] = await weights(1);
    expect(input.slice(0, 4)).not.toEqual(output.slice(0, 4));
    expect((await weights())[0]).not.toEqual((await weights())[0]);
  });

  test("refuses what a state cannot do", () => {
    const layer = attention(8, { heads: 2 });
    const type = kind.name;
    expect(() => layer.forward(ones([7, 8]))).toThrow(`${type}: x is [7,8] but must be [batch, time, 8]`);
    expect(() => layer.forward(ones([1, 7, 6]))).toThrow(`${type}: x is [1,7,6] but must be [batch, time, 8]`);
    expect(() => layer.forward(x(), { causal: false })).toThrow(new RegExp(`^${type}: causal is false`));
    expect(() => layer.forward(x(), { mask: paddingMask(tensor([1, 2], { dtype: "int32" }), 7) })).toThrow(/to mask\n/);
    expect(() => layer.forward(x(), { bias: ones([7, 7]) })).toThrow(/add a bias to\n/);
    const encoder = new TransformerEncoder(8, { layers: 1, heads: 2, attention });
    expect(() => encoder.forward(x())).toThrow(ArgumentError);
    for (const positions of ["rotary", "alibi"] as const)
      expect(() => new TransformerLM({ ...options, attention, positions })).toThrow(
        `${name}: positions is ${positions}`,
      );
    expect(() => new TransformerBlock(8, { heads: 2, keyValueHeads: 1, attention })).toThrow(/keyValueHeads is 1/);
  });

  test("also writes with a window of one position, whose cache is empty", async () => {
    const factory = name === "mamba2" ? mamba2({ state: 4, window: 1 }) : gatedDeltaNet({ window: 1 });
    const model = new TransformerLM({ ...options, attention: factory });
    expect(await generate(model, [1, 2], { length: 3, temperature: 0 })).toHaveLength(3);
  });
});

test("sizes that do not fit are refused, by name", () => {
  expect(() => new Mamba2(8, { heads: 3 })).toThrow(/^Mamba2: expand · width \/ heads is 5\.33/);
  expect(() => new Mamba2(8, { heads: 0 })).toThrow(/^Mamba2: heads is 0/);
  expect(() => new Mamba2(8, { heads: 2, state: 1.5 })).toThrow(/^Mamba2: state is 1\.5/);
  expect(() => new Mamba2(8, { heads: 2, window: 0 })).toThrow(/^Mamba2: window is 0/);
  expect(() => new GatedDeltaNet(8, { heads: 3 })).toThrow(/^GatedDeltaNet: keys is 2\.66/);
  expect(() => new GatedDeltaNet(8, { heads: 3, keys: 2, values: -1 })).toThrow(/^GatedDeltaNet: values is -1/);
});

test("first decays: rates from 1 to 16, steps from 0.001 to 0.1", async () => {
  await use(cpu());
  const layer = new Mamba2(256, { heads: 256, state: 2, expand: 1, random: 1 });
  const rates = [...(await layer.logRate.data())].map(Math.exp);
  const steps = [...(await layer.stepBias.data())].map((bias) => Math.log1p(Math.exp(bias)));
  const outside = (values: number[], low: number, high: number) =>
    values.filter((value) => value < low || value > high);
  expect(outside(rates, 1, 16)).toEqual([]);
  expect(outside(steps, 0.00099, 0.101)).toEqual([]);
  expect([Math.min(...rates) < 1.5, Math.max(...rates) > 15.5]).toEqual([true, true]);
  expect([Math.min(...steps) < 0.0013, Math.max(...steps) > 0.08]).toEqual([true, true]);
});
