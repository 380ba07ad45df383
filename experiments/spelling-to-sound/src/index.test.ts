import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { ArgumentError, integers, key, RandomStream, use } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { alignments, shareForward } from "./alignment.ts";
import experiment from "./index.ts";
import { errorsOf, judged, spoken, spokenByRule } from "./judged.ts";
import { pictureOf } from "./picture.ts";
import { kinds, RecurrentSpeller, spellerOf } from "./speller.ts";
import { boundary, columnsOf, dictionary, ignored, lettersOf, parts, wordOf, type Word } from "./words.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

const sizes = { letters: 27, phonemes: 40 };
const word = (letters: string, ...phonemes: number[]): Word => ({ letters: lettersOf(letters), phonemes });

describe("words", () => {
  test("are nothing but letters, and are spoken without stress", () => {
    const { words, phonemes } = dictionary({ shortest: 3, longest: 14 });
    expect(words).toHaveLength(115_695);
    expect(phonemes).toHaveLength(39); // as the dictionary's page says
    const hello = words.find(({ letters }) => wordOf(letters) === "hello")!;
    expect(hello.phonemes.map((token) => phonemes[token - 1])).toEqual(["HH", "AH", "L", "OW"]);
    for (const { letters, phonemes: spoken } of words) {
      expect(letters.length).toBeGreaterThanOrEqual(3);
      expect(Math.max(letters.length, spoken.length)).toBeLessThanOrEqual(14);
    }
  });

  test("are in one part each, and in the same one for the same key", async () => {
    const words = Array.from({ length: 10 }, (_, i) => word("cat", i + 1));
    const counts = { unseen: 3, validation: 2 };
    const [found, again] = [await parts(words, key(1), counts), await parts(words, key(1), counts)];
    expect(again).toEqual(found);
    expect([found.unseen.length, found.validation.length, found.training.length]).toEqual([3, 2, 5]);
    expect(new Set([...found.unseen, ...found.validation, ...found.training])).toEqual(new Set(words));
  });

  test("a pronunciation is said after a boundary and ends with one; what follows does not count", () => {
    const { columns } = columnsOf([word("ab", 7, 8, 9)], 4);
    expect([...columns.letters.data]).toEqual([1, 2, boundary, boundary]);
    expect([...columns.lengths.data]).toEqual([2]);
    expect([...columns.said.data]).toEqual([boundary, 7, 8, 9, boundary]);
    expect([...columns.next.data]).toEqual([7, 8, 9, boundary, ignored]);
  });
});

describe("spellers", () => {
  test("all have equal parameters, within 2 %, and at most those that are asked for", () => {
    const most = experiment.settings["parameters"]!.default as number;
    const counts = Object.keys(kinds).map((kind) => spellerOf(kind, sizes, most, new RandomStream(1)).parameterCount());
    expect(Math.max(...counts)).toBeLessThanOrEqual(most);
    expect(Math.min(...counts) / Math.max(...counts)).toBeGreaterThan(0.98);
  });

  test("too few parameters are refused", () => {
    expect(() => spellerOf("transformer", sizes, 10, new RandomStream(1))).toThrow(ArgumentError);
  });

  test.each(Object.keys(kinds))("%s: padding changes nothing", async (kind) => {
    const model = spellerOf(kind, sizes, 10_000, new RandomStream(1));
    const [said, lengths] = [integers([[0, 5]]), integers([3])];
    const short = await model.forward(integers([[3, 1, 20]]), said, lengths).data();
    const long = await model.forward(integers([[3, 1, 20, 0, 0]]), said, lengths).data();
    for (const [i, score] of long.entries()) expect(score).toBeCloseTo(short[i]!, 4);
  });

  test.each(Object.keys(kinds))(
    "%s: what it says is the likeliest at each step, what it said before known",
    async (kind) => {
      const model = spellerOf(kind, sizes, 10_000, new RandomStream(1));
      const [letters, lengths] = [integers([[3, 1, 20], [4, 15, 0]]), integers([3, 2])]; // prettier-ignore
      const said = (await model.say(letters, lengths, 4).array()) as number[][];
      const before = integers(said.map((row) => [boundary, ...row.slice(0, -1)]));
      expect(await model.forward(letters, before, lengths).argmax().array()).toEqual(said);
    },
  );
});

describe("what was said", () => {
  test("ends at the first boundary, and is for each word its own", async () => {
    const model = new RecurrentSpeller(sizes, 4, true, new RandomStream(1));
    const words = [word("cat", 1), word("dog", 2), word("ab", 3)];
    model.say = () => integers([[5, 6, 0, 7], [0, 1, 1, 1], [1, 2, 3, 4]]); // prettier-ignore
    expect((await spoken(model, words, 3)).map(({ said }) => said)).toEqual([[5, 6], [], [1, 2, 3, 4]]);
  });

  const all = [
    { word: word("ab", 1, 2), said: [1, 2] },
    { word: word("abc", 1, 2, 3), said: [1, 3] },
    { word: word("abcd", 1, 2, 3, 4), said: [1, 9, 3, 4] },
    { word: word("abcde", 1), said: [1, 1, 1] },
  ];

  test("errors are edits for each phoneme that is right", () => {
    expect(errorsOf(all)).toEqual({ phonemeErrorRate: (0 + 1 + 1 + 2) / 10, wordAccuracy: 1 / 4 });
  });

  test("a quarter of the words has the fewest letters, and a quarter the most", () => {
    const { short, long } = judged(all.toReversed());
    expect(short).toEqual({ phonemeErrorRate: 0, wordAccuracy: 1 });
    expect(long).toEqual({ phonemeErrorRate: 2, wordAccuracy: 0 });
  });

  test("by the rule each letter says its usual phoneme of words with one for each", () => {
    const training = [word("ab", 1, 2), word("ac", 1, 3), word("ab", 9, 2), word("cc", 5)];
    expect(spokenByRule(training, [word("cabz", 4)])[0]!.said).toEqual([3, 1, 2]);
  });
});

describe("alignments", () => {
  test("have a row for each phoneme and a column for each letter, and their weights sum to 1", async () => {
    const model = new RecurrentSpeller(sizes, 4, true, new RandomStream(1));
    const all = [
      { word: word("abc", 1), said: [1, 2] },
      { word: word("ab", 1), said: [] },
    ];
    const [first, second] = await alignments(model, all, 4);
    expect(first!.map((row) => row.length)).toEqual([3, 3]);
    for (const row of first!) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    expect(second).toEqual([]);
  });

  test("go forward where the likeliest letter is the same one or a later one", () => {
    const at = (...places: number[]) => places.map((place) => [0, 1, 2].map((letter) => Number(letter === place)));
    expect(shareForward([at(0, 1, 1, 0), at(2, 1)])).toBe(2 / 4);
  });

  test("the picture names each letter and each phoneme", async () => {
    const svg = await pictureOf(["o", "x", "o"], ["AA", "K"], [[0, 1, 0], [0.5, 0.5, 0]]); // prettier-ignore
    for (const name of [">x<", ">AA<", ">K<"]) expect(svg).toContain(name);
    expect(svg.match(/>o</g)).toHaveLength(2);
  });
});

test("a shortest word above the longest is refused", async () => {
  const settings = { ...experiment.quick, shortest: 9 };
  await expect(runExperiment(experiment, { runs, settings, output: "quiet" })).rejects.toThrow(
    "shortest is 9 but longest is 8",
  );
});

const found: number[] = [];
test.each([["main", {}], ...Object.entries(experiment.baselines)] as [string, object][])(
  "a quick run of %s learns, and is judged by length",
  async (name, own) => {
    const settings = { ...own, ...experiment.quick, learningRate: 1e-2 };
    const { folder, result } = await runExperiment(experiment, { runs, settings, output: "quiet" });
    expect(new MetricsLog(folder).read().map(({ step }) => step)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(result["validationLoss"]).toBeLessThan(Math.log(40) - 1);
    expect(result["phonemeErrorRate"]).toBeLessThan(0.9);
    expect(existsSync(join(folder, "alignment.svg"))).toBe(name === "main");
    if (name === "main") expect(readFileSync(join(folder, "alignment.svg"), "utf8")).toMatch(/^<svg/);
    expect(found).not.toContain(result["validationLoss"]);
    found.push(result["validationLoss"]!);
  },
);
