import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import { wasm } from "@ansatz/backend-wasm";
import { abs, add, ArgumentError, grad, key, log, RandomStream, realize, sum, tensor, use, zeros } from "@ansatz/core";
import { inMemory, type VectorIndex } from "@ansatz/data-retrieval";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { ragSequence } from "@ansatz/nn-retrieval";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Answerer } from "./answerer.ts";
import { batchOf } from "./batch-of.ts";
import { facts, sizes, tensorOf, vocabularySize } from "./facts.ts";
import experiment from "./index.ts";
import { judged } from "./judged.ts";
import { lists } from "./lists.ts";
import { RefreshedIndex } from "./refreshed-index.ts";
import { TextEncoder } from "./text-encoder.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

describe("facts", () => {
  const known = facts(key(1), { persons: 60 });
  const all = [...known.asked, ...known.neverAsked];

  test("each is stated once, in the passage that it names, and fits", () => {
    expect([known.asked.length, known.neverAsked.length, known.passages.length]).toEqual([270, 90, 180]);
    const texts = new Map(known.passages.map(({ id, text }) => [id, text]));
    for (const { statement, blanked, answer, passage, questions } of all) {
      expect(texts.get(passage)).toContain(statement);
      expect(blanked.replace("[MASK]", answer.join(" "))).toBe(statement);
      for (const question of questions) expect(` ${question.replace("?", " ")}`).not.toContain(` ${answer.join(" ")} `);
    }
    tensorOf([...texts.values()], sizes.passage);
    tensorOf(all.flatMap(({ questions, statement }) => [...questions, statement]), sizes.question); // prettier-ignore
    expect(() => tensorOf(["John Jones works as a cook."], 3)).toThrow(ArgumentError);
  });

  test("no person whose facts are asked has one that is never asked", () => {
    const named = ({ statement }: { readonly statement: string }) => statement.split(" ").slice(0, 2).join(" ");
    const asked = new Set(known.asked.map(named));
    expect(asked.size).toBe(45);
    for (const fact of known.neverAsked) expect(asked.has(named(fact))).toBe(false);
  });

  test("swapped facts are asked in the same words, and have another answer each", () => {
    const swapped = facts(key(1), { persons: 60, swapped: true });
    for (const [i, fact] of [...swapped.asked, ...swapped.neverAsked].entries()) {
      expect(fact.questions).toEqual(all[i]!.questions);
      expect(fact.answer.length).toBe(all[i]!.answer.length);
      expect(fact.answer).not.toEqual(all[i]!.answer);
    }
  });

  test("more persons than names are refused", () => {
    expect(() => facts(key(1), { persons: 100_000 })).toThrow(ArgumentError);
  });

  test("training asks in both wordings for no fact of the others, but has the statements of all", async () => {
    const { asking, stating } = lists(known, { batch: 30, random: new RandomStream(1) });
    const [asked, stated] = [new Set<string>(), new Set<string>()];
    for (let i = 0; i < 18; i++) for (const { question } of await asking.next()) asked.add(question);
    for (let i = 0; i < 12; i++) for (const { question } of await stating.next()) stated.add(question);
    expect(asked).toEqual(new Set(known.asked.flatMap(({ questions }) => questions)));
    expect(stated.size).toBe(360);
    expect([...stated].every((statement) => statement.includes("[MASK]"))).toBe(true);
  });
});

describe("the index", () => {
  const { passages } = facts(key(1), { persons: 8 });
  const options = { passages, every: 5, width: 4, random: new RandomStream(2) };
  const vector = async (index: VectorIndex) => (await index.search(tensor([[1, 0, 0, 0]]), 1))[0]![0]!.vector[0]!;
  const grow = async (encoder: TextEncoder) => {
    encoder.words.weight.assign(add(encoder.words.weight.read(), 1));
    await realize();
  };

  test("is that of the encoder one refresh ago, and a run that is resumed has the same", async () => {
    const encoder = new TextEncoder({ vocabularySize, width: 4, random: new RandomStream(3) });
    const refreshed = new RefreshedIndex(encoder, { ...options, database: inMemory() });
    const found: number[] = [];
    let saved: unknown;
    for (let step = 1; step <= 18; step++) {
      found.push(await vector(await refreshed.at(step)));
      await grow(encoder);
      if (step === 12)
        saved = await Promise.all([refreshed.encoders.made.stateDict(), refreshed.encoders.making.stateDict()]);
    }
    await refreshed.close();
    const changes = found.flatMap((value, i) => (i > 0 && value !== found[i - 1] ? i + 1 : []));
    expect(changes).toEqual([11, 16]); // until step 5 the first encoder; from 6 on the same, as it was at step 1
    const resumed = new RefreshedIndex(encoder, { ...options, database: inMemory() });
    const [made, making] = saved as [never, never];
    resumed.encoders.made.loadStateDict(made);
    resumed.encoders.making.loadStateDict(making);
    for (let step = 13; step <= 16; step++)
      expect(await vector(await resumed.at(step))).toBeCloseTo(found[step - 1]!, 5);
    await resumed.close();
  });
});

test("thorough decoding scores each candidate by all passages", async () => {
  const fact = {
    statement: "",
    blanked: "",
    questions: ["what is the pet of John Jones?"],
    answer: ["."],
    passage: "1",
  }; // token 3
  const table = (first: Record<number, number>) =>
    Array.from({ length: 2 }, () => Array.from({ length: vocabularySize }, (_, token) => first[token] ?? 1e-3));
  // The likelier passage says token 2 (0.5), the other token 3 (0.45), which the first nearly says, too (0.35).
  const probabilities = tensor([[table({ 2: 0.5, 3: 0.35 }), table({ 3: 0.45 })]]);
  const model = Object.assign(Object.create(Answerer.prototype) as Answerer, {
    said: () => log(probabilities),
    retrieval: () => log(tensor([[0.6, 0.4]])),
  });
  const search = async () => [[{ id: "0", text: ".", score: 0 }, { id: "1", text: ".", score: 0 }]]; // prettier-ignore
  const [answered] = await judged(model, [fact], { search, k: 2, trained: true, size: 1 });
  expect(answered!.words).toEqual([3, 0]);
  expect([answered!.right, answered!.found, answered!.oneWord]).toEqual([true, true, true]);
  expect(answered!.difference).toBeLessThan(1e-6);
});

test("passages that weren't found are blank and have no probability", async () => {
  const search = async () => [[{ id: "0", text: "John Jones owns a dog.", score: 2 }]];
  const { found } = await batchOf([{ question: "what?", answer: ["dog"] }], search, 2);
  const model = new Answerer({ width: 8, layers: 1, encoders: false, random: new RandomStream(1) });
  expect(found.passages.shape).toEqual([1, 2, sizes.passage]);
  const [first, second] = ((await model.retrieval(found, false).array()) as number[][])[0]!;
  expect(first).toBeCloseTo(0, 6);
  expect(second).toBeLessThan(-1e6);
});

test.each(["learned", "warm", "random", "words", "none"])(
  "a quick run with the retriever %s learns",
  async (retriever) => {
    const { folder, result } = await runExperiment(experiment, {
      runs,
      settings: { ...experiment.quick, retriever },
      output: "quiet",
    });
    const rows = new MetricsLog(folder).read();
    const readings = rows.flatMap(({ reading }) => reading ?? []);
    const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
    expect(mean(readings.slice(-10))).toBeLessThan(mean(readings.slice(0, 10)) - 0.3);
    expect(rows.flatMap(({ loss }) => loss ?? [])).toHaveLength(experiment.quick!.steps as number);
    expect(result.apartForOneWord).toBeLessThan(1e-4);
    if (retriever === "words") expect(result.found).toBeGreaterThan(0.3);
    if (retriever === "none") expect(result.found).toBe(0);
  },
);

test.runIf(process.env["ANSATZ_TEST_FULL"])("with the index in LanceDB, a run has the same figures", async () => {
  const figures = async (database: string) => {
    const settings = { ...experiment.quick, database };
    return (await runExperiment(experiment, { runs, settings, output: "quiet" })).result;
  };
  expect(await figures("lancedb")).toEqual(await figures("memory"));
});

test("cpu and wasm learn as onnx does", async () => {
  const settings = {
    ...experiment.quick,
    persons: 12,
    width: 8,
    warmSteps: 3,
    steps: 3,
    refresh: 1,
    batch: 4,
    judged: 4,
  };
  const losses: number[][] = [];
  for (const backend of [onnx(), cpu(), wasm()]) {
    await use(await backend);
    const { folder } = await runExperiment(experiment, { runs, settings, output: "none" });
    losses.push(new MetricsLog(folder).read().map(({ reading, loss }) => (loss ?? reading)!));
  }
  await use(await onnx());
  for (const other of losses.slice(1)) {
    expect(other).toHaveLength(6);
    other.forEach((loss, i) => expect(loss).toBeCloseTo(losses[0]![i]!, 3));
  }
});

test("the gradient of the answers reaches both encoders", async () => {
  const model = new Answerer({ width: 8, layers: 1, encoders: true, random: new RandomStream(3) });
  const whole = (values: readonly number[], shape: readonly number[]) => tensor(values, { shape, dtype: "int32" });
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => 2 + (i % 20));
  const questions = whole(numbers(2 * sizes.question), [2, sizes.question]);
  const passages = whole(numbers(6 * sizes.passage), [2, 3, sizes.passage]);
  const found = { questions, passages, scores: zeros([2, 3]) };
  const loss = ragSequence(model.retrieval(found, true), model.tokens(found, whole([4, 5, 6, 7], [2, 2])));
  for (const encoder of [model.encoders!.questions, model.encoders!.passages]) {
    const sizes = await Promise.all(grad(loss, encoder.parameters()).map((slope) => sum(abs(slope)).item()));
    expect(Math.max(...sizes)).toBeGreaterThan(0);
  }
});

test("at full size, the closed-book model has at least as many parameters as the one with a retriever", () => {
  const width = (own: Record<string, unknown>) => Number(own["width"] ?? 64);
  const { closedBook } = experiment.baselines as Record<string, Record<string, unknown>>;
  const of = (features: number, encoders: boolean) =>
    new Answerer({ width: features, layers: 2, encoders, random: new RandomStream(1) }).parameterCount();
  expect(of(width(closedBook!), false)).toBeGreaterThanOrEqual(of(64, true));
});
