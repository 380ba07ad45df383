import { expect, test } from "vitest";
import { CharacterTokenizer } from "./character-tokenizer.ts";
import { mobyDick } from "./moby-dick.ts";

test("the whole book is there", () => {
  const text = mobyDick();
  expect(text).toHaveLength(1_213_144);
  expect(text).toContain("Call me Ishmael.");
  expect(text.trimEnd().endsWith("only found another orphan.")).toBe(true);
  expect(CharacterTokenizer.of(text).vocabularySize).toBe(89);
});
