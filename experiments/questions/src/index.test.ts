import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import { wasm } from "@ansatz/backend-wasm";
import { AnsatzError, ArgumentError, key, use } from "@ansatz/core";
import type { Hit } from "@ansatz/data-retrieval";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ruleAnswer, spanAnswers } from "./answering.ts";
import { ask } from "./ask.ts";
import { questionOf } from "./cloze.ts";
import { overlap } from "./figures.ts";
import experiment from "./index.ts";
import { readingOf } from "./reading-of.ts";
import type { SpanReader } from "./span-reader.ts";
import { trainingOf, withGold } from "./training.ts";
import { normalized, Vocabulary, wordsOf } from "./words.ts";

const folder = mkdtempSync(join(tmpdir(), "questions-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => use(await onnx()));

const passage = (text: string, id = text) => ({ id, text, source: "s", place: 0 });
const hit = (text: string): Hit => ({ ...passage(text), vector: new Float32Array(1), score: 1 });
const text = "In that cold harbor a tall sailor named Queequeg kept one small wooden idol. In May of 1851 they left.";

test("a question has a name or a date of its passage as the answer, and words of one sentence in order", () => {
  const answers = new Set<string>();
  for (let i = 0; i < 40; i++) {
    const question = questionOf(key(i), passage(text))!;
    const words = wordsOf(text);
    answers.add(question.answer);
    expect(text.slice(words[question.first]!.start, words[question.last]!.end)).toBe(question.answer);
    const [asked, ...kept] = wordsOf(question.text).map((word) => word.text);
    expect(asked).toBe(/^\d/.test(question.answer) ? "when" : "who");
    expect(kept).not.toContain(question.answer);
    const sentence = "In that cold harbor a tall sailor named kept one small wooden idol".split(" ");
    expect(kept).toEqual(
      sentence.filter((word, place) => kept[kept.indexOf(word)] === word && sentence.indexOf(word) === place),
    );
  }
  expect([...answers]).toEqual(["Queequeg"]); // the second sentence is too short
  expect(questionOf(key(1), passage("nothing has a name in here, nor does it have any date"))).toBeUndefined();
});

test("the passages to judge by are in no question of training", async () => {
  const passages = Array.from({ length: 60 }, (_, i) => passage(text.replace("idol", `idol ${i}`), String(i)));
  const { asking, unseen } = trainingOf(passages, {
    batch: 6,
    pairs: 6,
    most: 99,
    random: { next: () => key(1) } as never,
  });
  const judged = new Set(unseen.map((question) => question.passage.id));
  expect(judged.size).toBe(6);
  for (let i = 0; i < 18; i++)
    for (const question of await asking.next()) expect(judged.has(question.passage.id)).toBe(false);
});

test("the right passage is among those that are read, in its own place or the last", () => {
  const question = questionOf(key(1), passage(text))!;
  const found = withGold([question, question], [[hit("a"), hit(text)], [hit("a")]], 3);
  expect(found).toEqual([
    { texts: ["a", text, ""], gold: 1 },
    { texts: ["a", "", text], gold: 2 },
  ]);
});

test("the reader is told which words the question has, and which are names and numbers", async () => {
  const vocabulary = new Vocabulary(["who", "ahab", "the", "whale"]);
  const lengths = { question: 3, passage: 5 };
  const { words, kinds } = readingOf(
    [{ question: "who the Whale", passage: "Ahab the whale 1851" }],
    vocabulary,
    lengths,
  );
  expect(await words.array()).toEqual([[2, 4, 5, 3, 4, 5, 1, 0]]);
  expect(await kinds.array()).toEqual([[0, 0, 0, 2, 4, 4, 3, 0]]);
});

test("the answer is the likeliest span of all passages, and no longer than five words", async () => {
  const vocabulary = new Vocabulary(["one", "two", "three"]);
  const best: Record<string, number> = { two: 3, three: 5 };
  const reader = {
    forward: ({ words }: { words: { shape: number[] } }) => {
      void words;
      return scores;
    },
  } as unknown as SpanReader;
  const rows = [["one", "two", "one"], ["one", "three", "two"]]; // prettier-ignore
  const { tensor } = await import("@ansatz/core");
  const scores = tensor(rows.map((row) => row.map((word) => [best[word] ?? 0, word === "two" ? 4 : 0])));
  const answers = spanAnswers(reader, vocabulary, { question: 2, passage: 3 });
  const [answer] = await answers(["who?"], [rows.map((row) => hit(row.join(" ")))]);
  expect(answer!.answer).toBe("three two");
  expect(answer!.passage.text).toBe("one three two");
});

test("the rule takes the first name that the question hasn't", () => {
  const hits = [hit("then came Ahab with Starbuck"), hit("later Stubb came")];
  expect(ruleAnswer("who was with ahab?", hits)!.answer).toBe("Starbuck");
  expect(ruleAnswer("who but Ahab and Starbuck?", hits)!.answer).toBe("Stubb");
  expect(ruleAnswer("who?", [hit("nobody")])).toBeUndefined();
});

test("overlap is F1 of words", () => {
  expect(overlap(["captain", "ahab"], ["ahab"])).toBeCloseTo(2 / 3, 10);
  expect(overlap(["ahab", "ahab"], ["ahab"])).toBeCloseTo(2 / 3, 10);
  expect(overlap(["a"], ["b"])).toBe(0);
  expect(normalized("Captain  AHAB!")).toBe("captain ahab");
});

test.each(["words", "vectors"])(
  "a quick run with passages found by %s learns, and its reader answers from a folder",
  async (retriever) => {
    const { folder: run, result } = await runExperiment(experiment, {
      runs: folder,
      settings: { ...experiment.quick, retriever },
      output: "quiet",
    });
    const losses = new MetricsLog(run).read().flatMap(({ loss }) => loss ?? []);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    if (retriever === "words") expect(result.found).toBeGreaterThan(0.7);
    const texts = join(folder, `texts-${retriever}`);
    mkdirSync(texts);
    writeFileSync(join(texts, "a.txt"), text);
    const said = await ask("who kept a wooden idol?", { texts, from: run });
    expect(said).toContain("a.txt, from character 0");
    const [answer] = said.split("  (");
    expect(text).toContain(answer);
  },
  300_000,
);

test("cpu and wasm learn as onnx does", async () => {
  const settings = { ...experiment.quick, width: 8, batch: 2, steps: 3, passage: 20, judged: 4 };
  const losses: number[][] = [];
  for (const backend of [onnx(), cpu(), wasm()]) {
    await use(await backend);
    const { folder: run } = await runExperiment(experiment, { runs: folder, settings, output: "none" });
    losses.push(new MetricsLog(run).read().map(({ loss }) => loss!));
  }
  await use(await onnx());
  for (const other of losses.slice(1)) {
    expect(other).toHaveLength(3);
    other.forEach((loss, i) => expect(loss).toBeCloseTo(losses[0]![i]!, 3));
  }
});

test("without a run the rule answers, and each mistake is a clear error", async () => {
  const texts = join(folder, "texts");
  await expect(ask("who?", { texts })).rejects.toThrow(/there is no folder .*texts\n {2}give a folder with files/);
  mkdirSync(texts);
  await expect(ask("who?", { texts })).rejects.toThrow(/has no text files\n {2}put files \.txt or \.md there/);
  writeFileSync(join(texts, "a.md"), " \n");
  await expect(ask("who?", { texts })).rejects.toThrow(/are empty/);
  writeFileSync(join(texts, "b.md"), text);
  await expect(ask("who?", { texts, from: texts })).rejects.toThrow(/no run of .*\n.*pnpm@10 experiment questions/);
  await expect(ask("?!", { texts })).rejects.toThrow(ArgumentError);
  await expect(ask("who?", { texts: join(texts, "b.md") })).rejects.toThrow(/there is no folder/);
  expect(await ask("who kept one small wooden idol?", { texts })).toMatch(/^Queequeg  \(b\.md\)/);
});

test("a folder named like a text and a broken link are left out, and another reader is a clear error", async () => {
  const texts = mkdtempSync(join(folder, "odd-"));
  mkdirSync(join(texts, "notes.md"));
  symlinkSync(join(texts, "none"), join(texts, "broken.txt"));
  writeFileSync(join(texts, "A.TXT"), text);
  expect(await ask("who kept one small wooden idol?", { texts })).toMatch(/^Queequeg  \(A\.TXT\)\nby a rule; .*--from/);
  writeFileSync(join(texts, "reader.json"), "{}");
  await expect(ask("who kept one small wooden idol?", { texts, from: texts })).rejects.toThrow(AnsatzError);
});

test("what a file holds cannot control the terminal, and a passage is shortened", async () => {
  const texts = mkdtempSync(join(folder, "control-"));
  writeFileSync(join(texts, "a.txt"), `${text} \u001B[31mred\u0007 ${"x".repeat(10_000)}`);
  const said = await ask("who kept one small wooden idol?", { texts });
  expect(said).not.toMatch(/[^\P{Cc}\n]/u);
  expect(Math.max(...said.split("\n").map((line) => line.length))).toBeLessThan(620);
});

test("the command answers, or says what is wrong on one line with how to mend it", () => {
  const texts = mkdtempSync(join(folder, "command-"));
  writeFileSync(join(texts, "a.txt"), text);
  const run = (...words: string[]) =>
    spawnSync(
      process.execPath,
      ["--conditions=source", "--import", "tsx", join(import.meta.dirname, "ask-command.ts"), ...words],
      { encoding: "utf8", env: { ...process.env, INIT_CWD: texts }, cwd: join(import.meta.dirname, "../../..") },
    );
  const { stdout, stderr } = run("who kept one small wooden idol?", "--texts", ".");
  expect(stdout).toMatch(/^Queequeg {2}\(a\.txt\)\nby a rule; .*\n\na\.txt/);
  expect(stderr).toBe("");
  expect(run("--help").stdout).toMatch(/^npx pnpm@10 ask .*--texts FOLDER/);
  for (const [words, message] of [
    [["who?", "--text", "."], /^ArgumentError: ask: Unknown option '--text'\n {2}npx pnpm@10 ask/],
    [["who?", "--texts", "none"], /^ArgumentError: ask: there is no folder .*\/none\n/],
  ] as const) {
    const { stderr, status } = run(...words);
    expect(stderr).toMatch(message);
    expect(status).toBe(1);
  }
});
