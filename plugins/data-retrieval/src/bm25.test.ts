import { expect, test } from "vitest";
import { BM25 } from "./bm25.ts";

const rows = ["the whale swam and the whale dived", "a ship sailed", "The ship met a Whale.", "words, words"].map(
  (text, i) => ({ id: `${i}`, text, source: "s", place: 0, vector: new Float32Array(1) }),
);

const bm25 = () => {
  const index = new BM25();
  index.add(rows);
  return index;
};

test("scores are those of the formula, computed by hand", () => {
  // N = 4, mean length 17/4. "words": in 1 passage, twice, of length 2. "whale": in 2, of lengths 7 and 5.
  const [found] = bm25().search("words", 9);
  const wanted = (Math.log(1 + 3.5 / 1.5) * 2 * 2.2) / (2 + 1.2 * (0.25 + (0.75 * 2) / 4.25));
  expect([found!.id, found!.score]).toEqual(["3", expect.closeTo(wanted, 12)]);
  const whales = bm25()
    .search("WHALE", 9)
    .map(({ id, score }) => [id, score]);
  const term = (frequency: number, length: number) =>
    (Math.LN2 * frequency * 2.2) / (frequency + 1.2 * (0.25 + (0.75 * length) / 4.25));
  expect(whales).toEqual([
    ["0", expect.closeTo(term(2, 7), 12)],
    ["2", expect.closeTo(term(1, 5), 12)],
  ]);
});

test("a word that is asked twice counts twice, words that nobody has count nothing, and k limits the hits", () => {
  const index = bm25();
  const [once, twice] = [index.search("ship", 9), index.search("ship ship zebra", 9)];
  expect(twice.map(({ score }) => score)).toEqual(once.map(({ score }) => expect.closeTo(2 * score, 12) as number));
  expect(once.map(({ id }) => id)).toEqual(["1", "2"]);
  expect(index.search("ship", 1)).toHaveLength(1);
  expect(index.search("", 1)).toEqual([]);
});
