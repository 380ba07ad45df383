import { ArgumentError, key } from "@ansatz/core";
import { expect, test } from "vitest";
import { inverseCloze, maskSalientSpan, passages, salientSpans } from "./index.ts";

const text = "  Call me Ishmael.\nSome years ago--never mind   how long precisely--having little money. ";

test("passages cover every word, change nothing, and share as many words as asked", () => {
  for (const [words, overlap] of [
    [3, 0],
    [3, 1],
    [5, 4],
    [1, 0],
    [100, 0],
    [13, 2],
  ] as const) {
    const cut = passages(text, { words, overlap, source: "s" });
    const all = text.match(/\S+/g)!;
    const step = words - overlap;
    for (const [i, passage] of cut.entries()) {
      expect(text.startsWith(passage.text, passage.place)).toBe(true);
      expect(passage.text.match(/\S+/g)).toEqual(all.slice(i * step, i * step + words));
      expect(passage).toMatchObject({ id: `s:${passage.place}`, source: "s" });
    }
    const count =
      cut.length === 1
        ? cut[0]!.text.match(/\S+/g)!.length
        : (cut.length - 1) * step + cut.at(-1)!.text.match(/\S+/g)!.length;
    expect(count).toBe(all.length);
    if (cut.length > 1) expect(cut.at(-1)!.text.match(/\S+/g)!.length).toBeGreaterThan(overlap);
  }
  expect(passages("word ".repeat(250)).map((passage) => passage.text.split(" ").length)).toEqual([100, 100, 50]);
});

test("a text without words and senseless sizes are errors", () => {
  for (const blank of ["", " \n\t"]) expect(() => passages(blank)).toThrow(/"text" has no words/);
  for (const options of [{ words: 0 }, { words: 1.5 }, { words: 3, overlap: 3 }, { overlap: -1 }])
    expect(() => passages("a b", options)).toThrow(ArgumentError);
});

test("inverse cloze takes each sentence, and leaves it in place in one case of ten", () => {
  const sentences = ["One fish swims.", "Two fish swim.", "Three fish swim?", "Four!"];
  const passage = sentences.join(" ");
  const pairs = Array.from({ length: 2000 }, (_, i) => inverseCloze(key(7).fold(i), passage));
  let kept = 0;
  const counts = new Map<string, number>();
  for (const { query, passage: rest } of pairs) {
    counts.set(query, (counts.get(query) ?? 0) + 1);
    if (rest === passage) kept++;
    else expect(rest).toBe(sentences.filter((sentence) => sentence !== query).join(" "));
  }
  expect([...counts.keys()].toSorted()).toEqual(sentences.toSorted());
  for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(80); // 4 standard deviations
  expect(Math.abs(kept - 200)).toBeLessThan(54);
  expect(inverseCloze(key(1), passage)).toEqual(inverseCloze(key(1), passage));
  expect(inverseCloze(key(1), passage, { kept: 1 }).passage).toBe(passage);
  for (let i = 0; i < 50; i++) expect(inverseCloze(key(i), passage, { kept: 0 }).passage).not.toBe(passage);
  expect(() => inverseCloze(key(1), " \n")).toThrow(/blank/);
  expect(() => inverseCloze(key(1), "a", { kept: 1.1 })).toThrow(ArgumentError);
});

test("salient spans are names and dates by a rule, at their places", () => {
  const found = (of: string) => salientSpans(of).map((span) => span.text);
  const sample =
    "Then Captain Ahab's ship left New Bedford on 12 May 1851. I saw it. The crew of 30 sang; Queequeg, too.";
  expect(found(sample)).toEqual(["Then Captain Ahab", "New Bedford", "12 May 1851", "30", "Queequeg"]);
  for (const { start, end, text: own } of salientSpans(sample)) expect(sample.slice(start, end)).toBe(own);
  expect(found("the sea was calm. Nobody spoke.")).toEqual([]);
  expect(found("He sold 1,000 of them in Saint-Malo to O'Neil")).toEqual(["1", "000", "Saint-Malo", "O'Neil"]);
});

test("one salient span is masked, each of them sometimes", () => {
  const sample = "In May the Pequod met Moby Dick.";
  const answers = new Set<string>();
  for (let i = 0; i < 60; i++) {
    const { text: masked, answer, start } = maskSalientSpan(key(3).fold(i), sample, "___")!;
    expect(masked.replace("___", answer)).toBe(sample);
    expect(masked.indexOf("___")).toBe(start);
    answers.add(answer);
  }
  expect([...answers].toSorted()).toEqual(["In May", "Moby Dick", "Pequod"]);
  expect(maskSalientSpan(key(1), "nothing here")).toBeUndefined();
  expect(() => maskSalientSpan(key(1), sample, "")).toThrow(ArgumentError);
});
