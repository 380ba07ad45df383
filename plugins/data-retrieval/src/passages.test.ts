import { ArgumentError } from "@ansatz/core";
import { expect, test } from "vitest";
import { passages } from "./index.ts";

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
