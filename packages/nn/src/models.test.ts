import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, relu, StateError, use } from "@ansatz/core";
import { beforeAll, describe, expect, test } from "vitest";
import { golden, type ReadState } from "./golden.ts";
import { backends, sharedScores, testLayers, type LayerRow } from "./golden-suite.ts";
import {
  beamSearch,
  fromHuggingFace,
  fromPyTorch,
  generate,
  llama,
  LSTMLM,
  toHuggingFace,
  toPyTorch,
  TransformerLM,
} from "./index.ts";

const sizes = { vocabularySize: 11, width: 8, layers: 2, heads: 2, context: 6 };
const grouped = { ...sizes, ...llama, width: 24, heads: 4, keyValueHeads: 2, hidden: 10, rotaryBase: 500 };

const ofLlama: ReadState = (model, state) => fromHuggingFace(model as TransformerLM, state);

/** Whole models of transformers, and of PyTorch's layers. */
const models: readonly LayerRow[] = [
  { ...sharedScores, name: "gpt2", make: () => new TransformerLM({ ...sizes, tiedEmbeddings: true }) },
  {
    name: "mpt",
    make: () =>
      new TransformerLM({ ...sizes, width: 12, heads: 3, positions: "alibi", bias: false, tiedEmbeddings: true }),
  },
  { name: "llama", make: () => new TransformerLM(grouped), read: ofLlama },
  {
    name: "llama-tied",
    make: () => new TransformerLM({ ...grouped, layers: 1, bias: true, tiedEmbeddings: true }),
    read: ofLlama,
  },
  {
    ...sharedScores,
    name: "postNorm",
    make: () => new TransformerLM({ ...sizes, positions: "sinusoidal", norm: "post", hidden: 12, activation: relu }),
  },
];
await testLayers("models", models);

beforeAll(() => use(cpu()));

describe.each(backends)("writing as GPT-2 in transformers does, on %s", (_name, backend) => {
  const prompts = [
    [1, 4],
    [7, 7],
  ];

  test.each([...prompts.keys()])(
    "prompt %d: the likeliest tokens, and the best four of a beam with their scores",
    async (i) => {
      await use(await backend());
      const recorded = await golden("models", "gpt2");
      const model = recorded.fill(new TransformerLM({ ...sizes, tiedEmbeddings: true }));
      const prompt = prompts[i]!;
      expect(await generate(model, prompt, { length: 4, temperature: 0 })).toEqual(
        await recorded.tensor(`greedy/${i}`).array(),
      );
      const found = await beamSearch(model, prompt, { length: 4, beams: 4 });
      expect(found.map(({ tokens }) => tokens)).toEqual(await recorded.tensor(`beams/${i}`).array());
      const scores = await recorded.tensor(`beamScores/${i}`).data();
      for (const [place, { logProbability }] of found.entries()) expect(logProbability).toBeCloseTo(scores[place]!, 4);
    },
  );
});

describe("Hugging Face's LLaMA", () => {
  test("toHuggingFace and fromHuggingFace undo each other, and move the rows of queries and keys alone", async () => {
    const model = new TransformerLM(grouped);
    const state = await model.stateDict();
    const theirs = toHuggingFace(model, state);
    expect(fromHuggingFace(model, theirs)).toEqual(state);
    expect(theirs["model.layers.1.self_attn.v_proj.weight"]).toEqual(state["blocks.1.attention.value.weight"]);
    const rows = (name: string, from: Readonly<Record<string, (typeof state)[string]>>) =>
      Array.from({ length: from[name]!.shape[0]! }, (_, i) => [...from[name]!.data.slice(24 * i, 24 * (i + 1))]);
    const [ours, moved] = [
      rows("blocks.0.attention.key.weight", state),
      rows("model.layers.0.self_attn.k_proj.weight", theirs),
    ];
    expect(moved).toEqual([0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11].map((row) => ours[row]));
  });

  test("frequencies in old files are left out, and other positions are refused", async () => {
    const model = new TransformerLM(grouped);
    const state = await model.stateDict();
    const frequencies = { shape: [2], dtype: "float32" as const, data: new Float32Array(2) };
    const old = { ...toHuggingFace(model, state), "model.layers.0.self_attn.rotary_emb.inv_freq": frequencies };
    expect(fromHuggingFace(model, old)).toEqual(state);
    for (const own of [{}, { ...llama, normalization: "layer" }, { ...llama, positions: "learned" }] as const) {
      const model = new TransformerLM({ ...sizes, ...own });
      const state = await model.stateDict();
      expect(() => fromHuggingFace(model, {})).toThrow(ArgumentError);
      expect(() => toHuggingFace(model, state)).toThrow(/make it with the preset llama/);
    }
  });
});

describe.each([
  ["TransformerLM", () => new TransformerLM({ ...sizes, tiedEmbeddings: true })],
  ["LSTMLM", () => new LSTMLM({ ...sizes, tiedEmbeddings: true })],
] as const)("tied embeddings of %s", (_name, make) => {
  test("are one weight, which PyTorch has under both of its names", async () => {
    const model = make();
    expect(model.namedParameters().has("head.weight")).toBe(false);
    const state = await model.stateDict();
    const theirs = toPyTorch(model, state);
    expect(theirs["head.weight"]).toEqual(state["tokens.weight"]);
    expect(fromPyTorch(model, theirs)).toEqual(state);
  });

  test("load from either name, and from both if they are equal", async () => {
    const model = make();
    const theirs = toPyTorch(model, await model.stateDict());
    const { "tokens.weight": tokens, ...headAlone } = theirs;
    expect(fromPyTorch(model, headAlone)["tokens.weight"]).toEqual(tokens);
    const other = { ...tokens!, data: tokens!.data.map((value: number) => value + 1) };
    expect(() => fromPyTorch(model, { ...theirs, "head.weight": other })).toThrow(StateError);
    expect(() => fromPyTorch(model, { ...theirs, "head.weight": other })).toThrow(
      /tokens.weight and head.weight differ/,
    );
  });
});
