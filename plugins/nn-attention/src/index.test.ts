/** Conformance: every attention as a module of its own, and in the slot of nn's blocks. */
import { cpu } from "@ansatz/backend-cpu";
import { Module, grad, integers, key, normal, sum, tensor, use, type Tensor } from "@ansatz/core";
import { generate, paddingMask, TransformerBlock, TransformerEncoder, TransformerLM } from "@ansatz/nn";
import type { AttendOptions, AttentionFactory, AttentionLayer } from "@ansatz/nn";
import { expectClose, type ModuleGradientOptions, testModule } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { blockedAttention, linearAttention, linformer, localAttention, performer } from "./index.ts";
import { onEveryBackend } from "./testing.ts";

const causal: Readonly<Record<string, AttentionFactory>> = {
  blocked: blockedAttention({ block: 2 }),
  local: localAttention({ window: 2 }),
  "local with sinks": localAttention({ window: 2, sinks: 1 }),
  linear: linearAttention(),
  performer: performer({ features: 6 }),
};
const all: Readonly<Record<string, AttentionFactory>> = {
  ...causal,
  linformer: linformer({ length: 7, projected: 3 }),
  "linformer without sharing": linformer({ length: 7, projected: 3, sharing: "none" }),
};
const softmaxes = ["blocked", "local", "local with sinks"]; // whose scores share the key's bias

/** A layer as the suite calls it. */
class Subject extends Module {
  readonly layer: AttentionLayer;
  readonly options: AttendOptions;

  constructor(layer: AttentionLayer, options: AttendOptions) {
    super();
    this.layer = layer;
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return this.layer.forward(x, this.options);
  }
}

/** What the suite must know of a layer. */
function expectations(name: string): ModuleGradientOptions {
  if (softmaxes.includes(name))
    return { withoutGradient: { "key.bias": "softmax ignores what all scores of a query share" } };
  // As in the authors' code, no gradient flows through the largest exponent, which matters next to ε.
  return name === "performer" ? { tolerance: 0.02 } : {};
}

const x = () => normal(key(1), [2, 5, 8]);

await onEveryBackend((backend) => {
  for (const [name, factory] of Object.entries(all)) {
    const make = () => new Subject(factory(8, { heads: 2, random: 1 }), {});
    describe(`layer ${name}`, () => {
      testModule(make, () => [x()], backend, expectations(name));
    });
  }
  for (const [name, factory] of Object.entries(causal)) {
    const make = () => new Subject(factory(8, { heads: 2, keyValueHeads: 1, random: 1 }), { causal: true });
    describe(`causal ${name}`, () => {
      testModule(make, () => [x()], backend, expectations(name));
    });
  }
});

describe("in the slots of nn", () => {
  beforeAll(() => use(cpu()));
  const sizes = { vocabularySize: 11, width: 8, layers: 2, heads: 2, context: 7, random: 3 };

  test.each(Object.entries(causal))("%s: no position of a language model looks ahead", async (_name, attention) => {
    const model = new TransformerLM({ ...sizes, attention });
    const scores = async (tokens: number[]) => ((await model.forward(integers([tokens])).array()) as number[][][])[0]!;
    const [a, b] = [await scores([1, 2, 3, 4, 5]), await scores([1, 2, 3, 9, 0])];
    expect(b.slice(0, 3)).toEqual(a.slice(0, 3));
    expect(b[3]).not.toEqual(a[3]);
  });

  test.each(Object.entries(causal))("%s: no gradient of a position reaches later ones", async (_name, attention) => {
    const block = new TransformerBlock(8, { heads: 2, attention, random: 1 });
    const input = x();
    const slopes = (await grad(sum(block.forward(input).slice([null, [0, 3]])), input).array()) as number[][][];
    expect(
      slopes[0]!
        .slice(3)
        .flat()
        .every((slope) => slope === 0),
    ).toBe(true);
    expect(
      slopes[0]!
        .slice(0, 3)
        .flat()
        .some((slope) => slope !== 0),
    ).toBe(true);
  });

  test.each(Object.entries(causal))("%s: writing with a cache gives what forward gives", async (_name, attention) => {
    for (const keyValueHeads of [1, 2]) {
      const model = new TransformerLM({ ...sizes, keyValueHeads, attention }).eval();
      const tokens = [
        [4, 1, 7, 7, 0, 10, 2],
        [3, 3, 2, 9, 5, 6, 1],
      ];
      const expected = model.forward(integers(tokens));
      let cache = model.begin(2)!;
      for (let at = 0; at < 7; at++) {
        const [scores, next] = model.step(integers(tokens.map((row) => row[at]!)), integers(at), cache);
        await expectClose(scores, expected.slice([null, [at, at + 1]]).reshape([2, 11]));
        cache = next;
      }
      expect(await generate(model, [1, 2], { length: 9, random: 1 })).toHaveLength(9);
    }
  });

  test.each(Object.entries(all))("%s: a single sequence without a batch is refused", (_name, attention) => {
    expect(() => attention(8, { heads: 2 }).forward(x().reshape([10, 8]))).toThrow(
      /^\w+: a sequence is \[10,8\] but must be \[batch, time, 8\]/,
    );
  });

  test.each(["linear", "performer", "local with sinks"])("%s: the cache does not grow with the text", (name) => {
    const layer = causal[name]!(8, { heads: 2 });
    const size = (length: number) => {
      const { key: a, value: b } = layer.begin!(1, length, "float32") as Record<string, Tensor>;
      return a!.size + b!.size;
    };
    expect(size(1_000)).toBe(size(100));
  });

  test.each(Object.entries(all))("%s: an encoder does not see what its mask hides", async (_name, attention) => {
    const encoder = new TransformerEncoder(8, { layers: 1, heads: 2, attention, random: 1 });
    const [mask, input] = [paddingMask(tensor([3, 5], { dtype: "int32" }), 5), x()];
    const hidden = tensor([
      [[0], [0], [0], [1], [1]],
      [[0], [0], [0], [0], [0]],
    ]).mul(100);
    const [a, b] = [encoder.forward(input, { mask }), encoder.forward(input.add(hidden), { mask })];
    await expectClose(b.slice([null, [0, 3]]), a.slice([null, [0, 3]]), 0);
    const open = encoder.forward(input);
    expect(
      await open
        .slice([
          [0, 1],
          [0, 3],
        ])
        .array(),
    ).not.toEqual(
      await a
        .slice([
          [0, 1],
          [0, 3],
        ])
        .array(),
    );
    expect(await open.slice([[1, 2]]).array()).toEqual(await a.slice([[1, 2]]).array());
  });
});
