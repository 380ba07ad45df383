import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { full, RandomStream, use } from "@ansatz/core";
import type { Dataset } from "@ansatz/data";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Translators } from "./back-translation.ts";
import experiment from "./index.ts";
import { embeddingWidth, language, meaningKept, sentences, words, type Labelled } from "./sentences.ts";
import { digitTask, sentenceTask } from "./tasks.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

const { length, synonyms, concepts } = language;
const meaning = (word: number) => Math.floor(word / synonyms);
const options = {
  examples: 20,
  seed: 1,
  random: new RandomStream(1),
  paraphrased: async (first: Int32Array) => Int32Array.from([...first, ...first.map((word) => (word + 1) % words)]),
  wordVectors: async () => full([words + 1, embeddingWidth], 0.5),
};
/** All inputs of a dataset, one list of numbers for each example. */
async function inputsOf(dataset: Dataset<Labelled>): Promise<string[]> {
  const places = Int32Array.from({ length: dataset.length }, (_, i) => i);
  const { input } = await dataset.batch(places, new RandomStream(1).next());
  const values = await input.data();
  const size = values.length / dataset.length;
  return Array.from(places, (i) => values.slice(i * size, (i + 1) * size).join());
}

test("both languages say the same, one of them backwards, and most words decide if a sentence is good", async () => {
  const { first, second, label } = await sentences(new RandomStream(1), 400);
  for (let i = 0; i < 400; i++) {
    const [there, back] = [first.slice(i * length, (i + 1) * length), second.slice(i * length, (i + 1) * length)];
    expect([...there].map(meaning)).toEqual([...back].toReversed());
    expect(label[i]).toBe([...back].filter((concept) => concept < concepts / 2).length >= 5 ? 1 : 0);
  }
  expect(meaningKept(first, first)).toBe(1);
  expect(
    meaningKept(
      first,
      first.map((word) => (word + synonyms) % words),
    ),
  ).toBe(0);
  expect(new Set(first).size).toBe(words); // each by chance
  expect(Math.abs(label.reduce((sum, one) => sum + one, 0) - 200)).toBeLessThan(40); // four standard deviations
});

describe("techniques", () => {
  test("back-translated sentences stand behind the others, and keep their classes", async () => {
    const { training } = await sentenceTask({ ...options, technique: "backTranslation" });
    const { input, target } = await training.batch(
      Int32Array.from({ length: 60 }, (_, i) => i),
      new RandomStream(1).next(),
    );
    const [tokens, classes] = [(await input.array()) as number[][], (await target.array()) as number[][]];
    expect(training.length).toBe(60);
    for (let i = 0; i < 20; i++) {
      expect(tokens[i + 20]).toEqual(tokens[i]);
      expect(tokens[i + 40]).toEqual(tokens[i]!.map((word) => (word + 1) % words));
      expect([classes[i + 20], classes[i + 40]]).toEqual([classes[i], classes[i]]);
    }
  });

  test.each([
    ["tokenMasking", "sentences"],
    ["mixUp", "digits"],
    ["randomCrop", "digits"],
  ])("%s changes what is learned from each time, and never what is tested on", async (technique, task) => {
    const { training, test: tested } = await (task === "digits" ? digitTask : sentenceTask)({ ...options, technique });
    const places = Int32Array.from({ length: 20 }, (_, i) => i);
    const random = new RandomStream(1);
    const inputs = async (of: typeof training) => [...(await (await of.batch(places, random.next())).input.data())];
    expect(await inputs(training)).not.toEqual(await inputs(training));
    expect(await inputs(tested)).toEqual(await inputs(tested));
  });

  test.each([
    ["sentences", sentenceTask],
    ["digits", digitTask],
  ])("early stopping on %s has no other examples than the rest", async (_name, task) => {
    const examples = async (technique: string) => task({ ...options, random: new RandomStream(1), technique });
    const [none, stopping] = [await examples("none"), await examples("earlyStopping")];
    const [learned, validated] = [await inputsOf(stopping.training), await inputsOf(stopping.validation)];
    expect([learned.length, validated.length]).toEqual([16, 4]);
    expect([...learned, ...validated]).toEqual(await inputsOf(none.training));
  });

  test("word vectors of a translator are where the classifier's embedding begins", async () => {
    const { model } = await sentenceTask({ ...options, technique: "wordVectors" });
    expect(new Set(await model.parameters()[0]!.data())).toEqual(new Set([0.5]));
    const { model: other } = await sentenceTask({ ...options, technique: "none" });
    expect(new Set(await other.parameters()[0]!.data()).size).toBeGreaterThan(100);
  });

  test("what is made for the other kind of examples is refused", async () => {
    await expect(sentenceTask({ ...options, technique: "mixUp" })).rejects.toThrow(/mixUp is for images/);
    expect(() => digitTask({ ...options, technique: "tokenMasking" })).toThrow(/tokenMasking is for words/);
  });
});

test("trained translators say a sentence with other words of the same meaning", async () => {
  const random = new RandomStream(3);
  const translators = new Translators({ hidden: 32, random });
  const before = await translators.accuracy(await sentences(random, 100));
  await translators.train(await sentences(random, 2_000), { updates: 300, batch: 64 });
  const unknown = await sentences(random, 100);
  const right = await translators.accuracy(unknown);
  expect(before).toBeLessThan(0.2);
  expect(right).toBeGreaterThan(0.5);
  const again = await translators.paraphrased(unknown.first);
  const kept = meaningKept(again, unknown.first);
  expect(kept).toBeGreaterThan(0.15); // a twentieth by chance
  const unchanged = again.filter((word, i) => word === unknown.first[i]).length / again.length;
  expect(unchanged).toBeLessThan(kept / 2);
}, 60_000);

const choices = experiment.settings["technique"]!.choices!;
test("each technique changes the training, on both tasks", async () => {
  const losses = async (settings: Readonly<Record<string, string | number>>) => {
    const { folder } = await runExperiment(experiment, {
      runs,
      settings: { ...experiment.quick, ...settings },
      output: "quiet",
    });
    return new MetricsLog(folder).read().flatMap(({ loss }) => loss ?? []);
  };
  const none = { sentences: await losses({}), digits: await losses({ task: "digits" }) };
  for (const technique of choices.filter((name) => name !== "none" && name !== "earlyStopping")) {
    const task = technique === "mixUp" || technique === "randomCrop" ? "digits" : "sentences";
    expect(await losses({ task, technique }), technique).not.toEqual(none[task]);
  }
  expect(none.digits.at(-1)).toBeLessThan(none.digits[0]!);
  expect(
    (await losses({ technique: "earlyStopping", patience: 1, validationEvery: 1, learningRate: 0.3 })).length,
  ).toBeLessThan(30);
});
