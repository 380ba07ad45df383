import { cpu } from "@ansatz/backend-cpu";
import {
  add,
  cumsum,
  div,
  iota,
  matmul,
  memory,
  Module,
  mul,
  ones,
  parameter,
  StateError,
  tensor,
  use,
  zeros,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  beamSearch,
  Embedding,
  FeedForward,
  generate,
  Linear,
  llama,
  LSTMLM,
  type RMSNorm,
  TransformerBlock,
  TransformerLM,
  type LanguageModel,
  type TransformerLMOptions,
} from "./index.ts";

beforeAll(() => use(cpu()));

const sizes = { vocabularySize: 11, width: 8, layers: 2, heads: 2, context: 6 };

/** The same model with larger weights, so that its scores differ clearly from place to place. */
async function lively<M extends Module>(model: M): Promise<M> {
  for (const weight of model.parameters()) {
    const larger = weight.shape.length > 1 ? 8 : 1;
    weight.load((await weight.data()).map((value: number) => value * larger));
  }
  return model;
}

/** The smallest language model: the mean of what was read so far. It has only `forward`, and no limit. */
class MeanLM extends Module implements LanguageModel {
  readonly vocabularySize = 11;
  readonly tokens = new Embedding(11, 8, { random: 1 });
  readonly head = new Linear(8, 11, { random: 2 });

  forward(tokens: Tensor): Tensor {
    const sums = cumsum(this.tokens.forward(tokens), 1);
    return this.head.forward(div(sums, add(iota(tokens.shape[1]!, { dtype: "float32" }), 1).reshape([-1, 1])));
  }
}

/** Another model without its cache. */
class Uncached extends Module implements LanguageModel {
  readonly vocabularySize: number;
  readonly context?: number;
  readonly model: LanguageModel;

  constructor(model: LanguageModel) {
    super();
    this.model = model;
    this.vocabularySize = model.vocabularySize;
    if (model.context !== undefined) this.context = model.context;
  }

  forward(tokens: Tensor): Tensor {
    return this.model.forward(tokens);
  }
}

const transformer = () => lively(new TransformerLM({ ...sizes, random: 3 }));
const lstm = () => lively(new LSTMLM({ ...sizes, random: 3 }));
const mean = () => lively(new MeanLM());
const models: readonly (readonly [string, () => Promise<LanguageModel>])[] = [
  ["TransformerLM", transformer],
  ["LSTMLM", lstm],
  ["a model with only forward", mean],
];

describe.each(models)("%s writes text", (_name, make) => {
  test("with one compilation, of any length and after any prompt", async () => {
    const model = await make();
    await use(cpu()); // a backend that has compiled nothing yet
    expect(await generate(model, [1, 2, 3], { length: 20, random: 1 })).toHaveLength(20);
    expect(memory().compilations).toBe(1);
  });

  test("with one compilation for beams, too", async () => {
    const model = await make();
    await use(cpu());
    const [best] = await beamSearch(model, [1, 2], { length: 4, beams: 3 });
    expect(best!.tokens).toHaveLength(4);
    expect(memory().compilations).toBe(1);
  });

  test("at temperature 0 it writes the likeliest tokens that forward gives, and one beam does the same", async () => {
    const model = await make();
    const prompt = [4, 1];
    const written = await generate(model, prompt, { length: 4, temperature: 0 });
    const [beam] = await beamSearch(model, prompt, { length: 4, beams: 1 });
    expect(beam!.tokens).toEqual(written);
    model.eval();
    for (const [i, token] of written.entries()) {
      const text = tensor([[...prompt, ...written.slice(0, i)]], { dtype: "int32" });
      const scores = ((await model.forward(text).array()) as number[][][])[0]!.at(-1)!;
      expect(token).toBe(scores.indexOf(Math.max(...scores)));
    }
  });

  test("the same with its cache and without, also past the context", async () => {
    const model = await make();
    const [settings, beams] = [
      { length: 16, temperature: 0 },
      { length: 4, beams: 3 },
    ];
    const uncached = new Uncached(model);
    expect(await generate(uncached, [1, 2], settings)).toEqual(await generate(model, [1, 2], settings));
    const tokens = async (one: LanguageModel) => (await beamSearch(one, [1, 2], beams)).map((found) => found.tokens);
    expect(await tokens(uncached)).toEqual(await tokens(model));
  });

  test("and keeps its mode, also after an error", async () => {
    const model = await make();
    const fail = () => {
      throw new StateError("stopped");
    };
    await expect(generate(model, [1], { length: 2, onToken: fail })).rejects.toThrow("stopped");
    expect(model.training).toBe(true);
    await generate(model.eval(), [1], { length: 1 });
    expect(model.training).toBe(false);
  });
});

test("a frozen part that was in evaluation stays there", async () => {
  const model = await transformer();
  model.blocks[0]!.eval();
  await generate(model, [1], { length: 1 });
  expect(model.training).toBe(true);
  expect(model.blocks[0]!.training).toBe(false);
  expect(model.blocks[1]!.training).toBe(true);
});

/** The mean of what came before: a mixer of positions without weights, heads or a cache. */
class MeanMixer extends Module {
  forward(x: Tensor): Tensor {
    return div(cumsum(x, 1), add(iota(x.shape[1]!, { dtype: x.dtype }), 1).reshape([-1, 1]));
  }
}

/** A gain for each feature, as a plugin would have it. */
class Gain extends Module {
  readonly weight: Parameter;

  constructor(features: number) {
    super();
    this.weight = parameter(ones([features]));
  }

  forward(x: Tensor): Tensor {
    return mul(x, this.weight);
  }
}

describe("slots", () => {
  const tokens = tensor([[1, 2, 3, 4]], { dtype: "int32" });
  const model = (options: Partial<TransformerLMOptions>) => new TransformerLM({ ...sizes, random: 1, ...options });

  test("each part can be another layer, and its parameters are those of the model", () => {
    const names = (options: Partial<TransformerLMOptions>) => [...model(options).namedParameters().keys()];
    expect(names({ attention: () => new MeanMixer() }).filter((name) => name.includes(".attention."))).toEqual([]);
    expect(names({ feedForward: (width) => new Gain(width) })).toContain("blocks.1.feedForward.weight");
    expect(names({ normalization: (width) => new Gain(width) })).toContain("norm.weight");
    expect(names({ normalization: (width) => new Gain(width) })).not.toContain("norm.bias");
    expect(names({ positions: (width) => new Gain(width) })).toContain("positions.weight");
  });

  test("the other parts keep their weights bit for bit", async () => {
    const [whole, swapped] = [model({}), model({ normalization: (width) => new Gain(width) })];
    const state = await whole.stateDict();
    for (const [name, entry] of Object.entries(await swapped.stateDict()))
      if (!/norm/i.test(name)) expect(entry).toEqual(state[name]);
  });

  test("a model with a mixer that has no cache still writes text, with one compilation", async () => {
    const swapped = await lively(model({ attention: () => new MeanMixer() }));
    expect(swapped.begin(1)).toBeUndefined();
    await use(cpu());
    expect(await generate(swapped, [1, 2], { length: 10, random: 2 })).toHaveLength(10);
    expect(memory().compilations).toBe(1);
  });

  test("a factory receives the width, and what the default would have got", () => {
    const seen: unknown[] = [];
    model({
      positions: (width, { context }) => {
        seen.push(["positions", width, context]);
        return new Gain(width);
      },
      attention: (width, { heads, dropout }) => {
        seen.push(["attention", width, heads, dropout]);
        return new MeanMixer();
      },
      feedForward: (width, { hidden }) => {
        seen.push(["feedForward", width, hidden]);
        return new Gain(width);
      },
      hidden: 5,
      layers: 1,
    });
    expect(seen).toEqual([
      ["positions", 8, 6],
      ["attention", 8, 2, 0],
      ["feedForward", 8, 5],
    ]);
  });

  test("names of parts that do not exist are refused", () => {
    const wrong = { normalization: "batch", feedForward: "wide", positions: "sine" };
    for (const [name, value] of Object.entries(wrong))
      expect(() => model({ [name]: value })).toThrow(new RegExp(`${name} is "${value}"\\n  use "`));
    expect(() => model({ rotaryBase: 100 })).toThrow(/rotaryBase is 100, but there are no rotary positions/);
    expect(() => model({ positions: "rotary", rotaryBase: -1 }).forward(tokens)).toThrow(/base is -1/);
  });

  test("a block drops inside its feed-forward layer as elsewhere, a language model only if asked to", () => {
    const inside = (options: Partial<TransformerLMOptions>) => {
      const { feedForward } = model({ dropout: 0.5, ...options }).blocks[0]!;
      return feedForward instanceof FeedForward ? feedForward.dropout?.probability : undefined;
    };
    expect(inside({})).toBeUndefined();
    expect(inside({ hiddenDropout: 0.25 })).toBe(0.25);
    const own = (options: { hiddenDropout?: number }) =>
      new TransformerBlock(8, { heads: 2, dropout: 0.5, ...options }).feedForward as FeedForward;
    expect(own({}).dropout?.probability).toBe(0.5);
    expect(own({ hiddenDropout: 0 }).dropout).toBeUndefined();
  });

  test("the epsilon of every normalization is the one given", () => {
    const { norm, blocks } = model({ ...llama, epsilon: 1e-3 });
    for (const { options } of [norm, blocks[0]!.attentionNorm, blocks[1]!.feedForwardNorm] as RMSNorm[])
      expect(options.epsilon).toBe(1e-3);
  });

  test("the preset llama has RMSNorm, a gate, rotary positions and no biases", async () => {
    const own = model(llama);
    const names = [...own.namedParameters().keys()];
    expect(names.filter((name) => name.endsWith("bias"))).toEqual([]);
    expect(names).toContain("blocks.0.feedForward.gate.weight");
    expect(names).not.toContain("positions.weight");
    const block = own.blocks[0]!;
    const x = own.tokens.forward(tokens);
    const h = add(x, block.attention.forward(block.attentionNorm.forward(x), { causal: true }));
    const y = add(h, block.feedForward.forward(block.feedForwardNorm.forward(h)));
    expect(await block.forward(x).data()).toEqual(await y.data());
    const last = matmul(own.norm.forward(own.blocks[1]!.forward(y)), own.head.weight.read().transpose());
    expect(await own.forward(tokens).data()).toEqual(await last.data());
  });
});

test("learned positions that are asked for past the context end at its last", async () => {
  const { positions } = new TransformerLM({ ...sizes, random: 1 });
  const place = (position: number) => positions!.forward(zeros([1, 1, 8]), tensor(position, { dtype: "int32" })).data();
  expect(await place(9)).toEqual(await place(5));
});
