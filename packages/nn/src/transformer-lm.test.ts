import { cpu } from "@ansatz/backend-cpu";
import {
  ArgumentError,
  buffer,
  gather,
  log,
  memory,
  Module,
  RandomStream,
  ShapeError,
  tensor,
  use,
  zeros,
  type Tensor,
} from "@ansatz/core";
import { testModule } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { backends, sharedScores } from "./golden-suite.ts";
import {
  beamSearch,
  FeedForward,
  GatedFeedForward,
  generate,
  llama,
  MultiHeadAttention,
  TransformerLM,
  type AttentionFactory,
  type BeamHypothesis,
  type TransformerLMOptions,
} from "./index.ts";
import { nucleus, topTokens } from "./generation/truncation.ts";

beforeAll(() => use(cpu()));

const options = { vocabularySize: 11, width: 8, layers: 2, heads: 2, context: 6 };
const whole = (values: number | number[] | number[][]): Tensor => tensor(values, { dtype: "int32" });

/**
 * A model whose scores differ clearly from place to place, because its matrices are larger than initial ones. Attention
 * stays soft, so that a wrong position shows.
 */
async function lively(extra: Partial<TransformerLMOptions> = {}): Promise<TransformerLM> {
  const model = new TransformerLM({ ...options, ...extra, random: 3 });
  const state = await model.stateDict();
  model.loadStateDict(
    Object.fromEntries(
      Object.entries(state).map(([name, entry]) => [
        name,
        { ...entry, data: entry.data.map((value: number) => value * (entry.shape.length > 1 ? 20 : 1)) },
      ]),
    ),
  );
  return model;
}

for (const [, backend] of backends) {
  testModule(
    () => new TransformerLM({ ...options, random: 1 }),
    () => [
      whole([
        [1, 2, 3],
        [4, 5, 0],
      ]),
    ],
    backend,
    sharedScores,
  );
  testModule(
    () =>
      new TransformerLM({
        ...options,
        random: 1,
        positions: "rotary",
        norm: "post",
        keyValueHeads: 1,
        tiedEmbeddings: true,
      }),
    () => [
      whole([
        [1, 2, 3],
        [4, 5, 0],
      ]),
    ],
    backend,
  );
}

describe("TransformerLM", () => {
  test("has the described number of parameters", () => {
    const model = new TransformerLM(options);
    const attention = 4 * (8 * 8 + 8);
    const feedForward = 8 * 32 + 32 + 32 * 8 + 8;
    expect(model.parameterCount()).toBe(11 * 8 + 6 * 8 + 2 * (attention + feedForward + 4 * 8) + 2 * 8 + 8 * 11);
    expect(model.namedParameters().has("blocks.1.attention.query.weight")).toBe(true);
  });

  test("weights start with deviation 0.02, smaller ones onto the residual stream, and biases at zero", async () => {
    const model = new TransformerLM({ ...options, width: 64 });
    const state = await model.stateDict();
    const deviation = (name: string) => Math.hypot(...state[name]!.data) / Math.sqrt(state[name]!.data.length);
    expect(deviation("blocks.0.attention.query.weight") / 0.02).toBeCloseTo(1, 1);
    expect(deviation("blocks.0.attention.output.weight") / 0.02).toBeCloseTo(1 / Math.sqrt(2 * options.layers), 1);
    expect(deviation("blocks.0.feedForward.contract.weight") / 0.02).toBeCloseTo(1 / Math.sqrt(2 * options.layers), 1);
    expect(deviation("blocks.0.feedForward.expand.bias")).toBe(0);
  });

  test("the scores of a position do not depend on later tokens", async () => {
    const model = await lively();
    const scores = async (tokens: number[]) => ((await model.forward(whole([tokens])).array()) as number[][][])[0]!;
    const [a, b] = [await scores([1, 2, 3, 4]), await scores([1, 2, 9, 0])];
    expect(b.slice(0, 2)).toEqual(a.slice(0, 2));
    expect(b[2]).not.toEqual(a[2]);
  });

  test.each([
    ["as GPT-2", {}],
    ["rotary", { positions: "rotary" }],
    ["ALiBi", { positions: "alibi" }],
    ["sinusoidal", { positions: "sinusoidal" }],
    ["no positions", { positions: "none" }],
    ["post-norm", { norm: "post" }],
    ["grouped queries", { keyValueHeads: 1 }],
    ["tied embeddings", { tiedEmbeddings: true }],
    ["LLaMA", llama],
  ] as const)("step with a cache gives what forward gives, place by place: %s", async (_name, extra) => {
    const model = (await lively({ dropout: 0.5, ...extra })).eval();
    const tokens = [
      [4, 1, 7, 7, 0, 10],
      [3, 3, 2, 9, 5, 6],
    ];
    const expected = (await model.forward(whole(tokens)).array()) as number[][][];
    let cache = model.begin(2)!;
    for (let place = 0; place < options.context; place++) {
      const [logits, next] = model.step(whole(tokens.map((row) => row[place]!)), whole(place), cache);
      const found = (await logits.array()) as number[][];
      for (const [row, scores] of found.entries())
        for (const [i, score] of scores.entries()) expect(score).toBeCloseTo(expected[row]![place]![i]!, 3);
      cache = next;
    }
  });

  test("without positions one block does not know the order of the tokens before the last", async () => {
    const last = async (positions: "none" | "rotary", tokens: number[]) => {
      const scores = (await lively({ layers: 1, positions })).eval().forward(whole([tokens]));
      return (await scores.data()).slice(-options.vocabularySize);
    };
    const [a, b] = [[1, 2, 3, 4], [3, 1, 2, 4]]; // prettier-ignore
    for (const [i, score] of (await last("none", a)).entries())
      expect(score).toBeCloseTo((await last("none", b))[i]!, 4);
    expect((await last("rotary", a))[0]).not.toBeCloseTo((await last("rotary", b))[0]!, 2);
  });

  test("lists of attention and feed-forward layers are taken by the blocks in turn", async () => {
    class First extends MultiHeadAttention {}
    class Second extends MultiHeadAttention {}
    const attention = [First, Second].map(
      (Layer): AttentionFactory =>
        (width, own) =>
          new Layer(width, own),
    );
    const lists = { attention, feedForward: ["plain", "gated", "plain"] as const };
    const { blocks } = new TransformerLM({ ...options, layers: 5, ...lists, random: 1 });
    expect(blocks.map((block) => block.attention.constructor)).toEqual([First, Second, First, Second, First]);
    expect(blocks.map((block) => block.feedForward.constructor)).toEqual([
      FeedForward,
      GatedFeedForward,
      FeedForward,
      FeedForward,
      GatedFeedForward,
    ]);
    const all = new TransformerLM({ ...options, feedForward: "gated", random: 1 });
    const listed = new TransformerLM({ ...options, feedForward: ["gated"], random: 1 });
    const tokens = whole([[1, 2, 3]]);
    expect(await listed.forward(tokens).array()).toEqual(await all.forward(tokens).array());
  });

  test("refuses wrong arguments", () => {
    expect(() => new TransformerLM({ ...options, attention: [] })).toThrow("the list of attention is empty");
    const model = new TransformerLM(options);
    expect(() => model.forward(zeros([1, 7], { dtype: "int32" }))).toThrow(ShapeError);
    expect(() => model.forward(zeros([7], { dtype: "int32" }))).toThrow(ShapeError);
    for (const name of ["vocabularySize", "width", "layers", "heads", "context"])
      expect(() => new TransformerLM({ ...options, [name]: 1.5 })).toThrow(new RegExp(name));
    expect(() => new TransformerLM({ ...options, heads: 3 })).toThrow(ArgumentError);
  });
});

describe("generate", () => {
  test("at temperature 0 it takes the likeliest token each time", async () => {
    const model = await lively();
    const prompt = [4, 1];
    const written = await generate(model, prompt, { length: 4, temperature: 0 });
    model.eval();
    for (const [i, token] of written.entries()) {
      const scores = (
        (await model.forward(whole([[...prompt, ...written.slice(0, i)]])).array()) as number[][][]
      )[0]!.at(-1)!;
      expect(token).toBe(scores.indexOf(Math.max(...scores)));
    }
  });

  test("a seed decides what it writes", async () => {
    const model = await lively();
    const write = (seed: number | RandomStream) => generate(model, [1], { length: 12, random: seed, temperature: 20 });
    const first = await write(5);
    expect(await write(new RandomStream(5))).toEqual(first);
    expect(await write(6)).not.toEqual(first);
    expect(first.every((token) => Number.isInteger(token) && token >= 0 && token < options.vocabularySize)).toBe(true);
  });

  test("topK of 1 leaves only the likeliest, whatever the temperature", async () => {
    const model = await lively();
    const likeliest = await generate(model, [1, 2], { length: 6, temperature: 0 });
    expect(await generate(model, [1, 2], { length: 6, temperature: 5, topK: 1 })).toEqual(likeliest);
  });

  test("compiles one program, also past the context and after the prompt", async () => {
    const model = await lively();
    await use(cpu()); // which has compiled nothing yet
    const heard: number[] = [];
    const written = await generate(model, [1, 2, 3], {
      length: 3 * options.context,
      temperature: 0.7,
      onToken: (token) => heard.push(token),
    });
    expect(memory().compilations).toBe(1);
    expect(written).toHaveLength(3 * options.context);
    expect(heard).toEqual(written);
  });

  test("a prompt longer than the context is read from its end", async () => {
    const model = await lively();
    const long = [9, 9, 9, 9, 9, 1, 2, 3, 4, 5];
    expect(await generate(model, long, { length: 1, temperature: 0 })).toEqual(
      await generate(model, long.slice(-5), { length: 1, temperature: 0 }),
    );
  });

  test("leaves the mode of a model as it was", async () => {
    const model = await lively();
    await generate(model, [1], { length: 1 });
    expect(model.training).toBe(true);
    await generate(model.eval(), [1], { length: 1 });
    expect(model.training).toBe(false);
  });

  test("refuses an empty prompt and settings out of range", async () => {
    const model = new TransformerLM(options);
    await expect(generate(model, [], { length: 1 })).rejects.toThrow(ArgumentError);
    await expect(generate(model, [1], { length: 1, temperature: -1 })).rejects.toThrow(/temperature is -1/);
    for (const topK of [0, 12, 1.5]) await expect(generate(model, [1], { length: 1, topK })).rejects.toThrow(/topK/);
  });
});

describe("truncation", () => {
  const scores = tensor([[Math.log(0.5), Math.log(0.2), Math.log(0.25), Math.log(0.05)]]);
  const kept = async (x: Tensor) =>
    [...(await x.data())].flatMap((score, token) => (score === -Infinity ? [] : [token]));

  test("the nucleus is the fewest tokens that reach the sum", async () => {
    expect(await kept(nucleus(scores, 0.4))).toEqual([0]);
    expect(await kept(nucleus(scores, 0.6))).toEqual([0, 2]);
    expect(await kept(nucleus(scores, 0.76))).toEqual([0, 1, 2]);
    expect(await kept(nucleus(scores, 1))).toEqual([0, 1, 2, 3]);
  });

  test("the k likeliest", async () => expect(await kept(topTokens(scores, 2))).toEqual([0, 2]));

  test("a nucleus that only the likeliest token is in makes generation greedy", async () => {
    const model = await lively();
    const likeliest = await generate(model, [1, 2], { length: 6, temperature: 0 });
    expect(await generate(model, [1, 2], { length: 6, temperature: 5, topP: 1e-6 })).toEqual(likeliest);
    await expect(generate(model, [1], { length: 1, topP: 0 })).rejects.toThrow(/topP is 0/);
  });
});

describe("beamSearch", () => {
  /** The logarithm of a continuation's probability, by forward. */
  async function logProbability(model: TransformerLM, prompt: number[], tokens: readonly number[]): Promise<number> {
    const scores = (
      (await model.forward(whole([[...prompt, ...tokens.slice(0, -1)]])).array()) as number[][][]
    )[0]!.slice(prompt.length - 1);
    return tokens.reduce(
      (total, token, i) =>
        total + scores[i]![token]! - Math.log(scores[i]!.reduce((sum, score) => sum + Math.exp(score), 0)),
      0,
    );
  }

  test("one beam is greedy; a beam that holds everything finds the best text, with its probability", async () => {
    const model = (await lively({ vocabularySize: 4 })).eval();
    const prompt = [2, 1];
    const greedy = await generate(model, prompt, { length: 3, temperature: 0 });
    expect((await beamSearch(model, prompt, { length: 3, beams: 1 })).map(({ tokens }) => tokens)).toEqual([greedy]);
    const found = await beamSearch(model, prompt, { length: 3, beams: 64 });
    expect(found).toHaveLength(64);
    const all = Array.from({ length: 64 }, (_, i) => [Math.floor(i / 16), Math.floor(i / 4) % 4, i % 4]);
    let best = { tokens: [] as number[], logProbability: -Infinity };
    for (const tokens of all) {
      const own = await logProbability(model, prompt, tokens);
      if (own > best.logProbability) best = { tokens, logProbability: own };
    }
    expect(found[0]!.tokens).toEqual(best.tokens);
    expect(found[0]!.logProbability).toBeCloseTo(best.logProbability, 4);
  });

  /** A model that looks at the latest token only: its scores are a row of a table. */
  class Table extends Module {
    readonly vocabularySize = 3;
    readonly scores = buffer(
      log(
        tensor([
          [0.5, 0.3, 0.2],
          [0.1, 0.6, 0.3],
          [1, 0, 0],
        ]),
      ),
    );

    forward(tokens: Tensor): Tensor {
      return gather(this.scores.read(), tokens); // [batch, time, vocabulary]
    }
  }

  /** Every continuation of token 0 that ends in token 2 or has this length, with the logarithm of its probability. */
  function continuations(length: number): BeamHypothesis[] {
    const next: Readonly<Record<number, readonly number[]>> = { 0: [0.5, 0.3, 0.2], 1: [0.1, 0.6, 0.3] };
    const grow = (tokens: readonly number[], probability: number): BeamHypothesis[] =>
      tokens.at(-1) === 2 || tokens.length === length
        ? [{ tokens, logProbability: Math.log(probability) }]
        : next[tokens.at(-1) ?? 0]!.flatMap((own, token) => grow([...tokens, token], probability * own));
    return grow([], 1);
  }

  test.each([0, 0.6, 1, 3])("continuations that end, ranked with a length penalty of α = %s", async (alpha) => {
    const found = await beamSearch(new Table(), [0], { length: 4, beams: 40, endToken: 2, lengthPenalty: alpha });
    const penalized = ({ tokens, logProbability: own }: BeamHypothesis) => own / ((5 + tokens.length) / 6) ** alpha;
    const expected = continuations(4).toSorted((a, b) => penalized(b) - penalized(a));
    const show = ({ tokens, logProbability: own }: BeamHypothesis) => `${tokens.join("")} ${own.toFixed(4)}`;
    expect(found.slice(0, 8).map(show)).toEqual(expected.slice(0, 8).map(show));
    expect(found.map(show).toSorted()).toEqual(expected.map(show).toSorted());
  });

  test("refuses wrong arguments", async () => {
    const model = new TransformerLM(options);
    await expect(beamSearch(model, [], { length: 1 })).rejects.toThrow(ArgumentError);
    await expect(beamSearch(model, [1, 2, 3], { length: 5 })).rejects.toThrow(/context of 6/);
    await expect(beamSearch(model, [1], { length: 1, beams: 0 })).rejects.toThrow(/0 beams/);
  });
});
