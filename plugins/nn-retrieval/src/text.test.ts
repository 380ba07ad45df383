import { ArgumentError, key } from "@ansatz/core";
import { expect, test } from "vitest";
import { inverseCloze, maskSalientSpan, salientSpans } from "./index.ts";

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
