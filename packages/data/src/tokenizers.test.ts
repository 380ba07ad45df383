import { expect, test } from "vitest";
import { CharacterTokenizer } from "./character-tokenizer.ts";
import { gpt2Tokenizer } from "./gpt2-tokenizer.ts";

test("characters are numbered by code point and come back as they were", () => {
  const tokenizer = CharacterTokenizer.of("ca𝒳b\na");
  expect(tokenizer.characters).toEqual(["\n", "a", "b", "c", "𝒳"]);
  expect([...tokenizer.encode("ab𝒳")]).toEqual([1, 2, 4]);
  expect(tokenizer.decode(tokenizer.encode("ca𝒳b\na"))).toBe("ca𝒳b\na");
  expect([...new CharacterTokenizer(tokenizer.characters).encode("c")]).toEqual([3]);
});

test("an unknown character or token is named", () => {
  const tokenizer = CharacterTokenizer.of("ab");
  expect(() => tokenizer.encode("abc")).toThrow(/"c", character 2 of the text, is not in the vocabulary/);
  expect(() => tokenizer.decode([0, 2])).toThrow(/2 is not a token; there are 2/);
  expect(() => new CharacterTokenizer("aa")).toThrow(/occurs twice/);
});

test("GPT-2's tokens are those that the documentation of Hugging Face's GPT2Tokenizer shows", () => {
  expect([...gpt2Tokenizer.encode("Hello world")]).toEqual([15496, 995]);
  expect([...gpt2Tokenizer.encode(" Hello world")]).toEqual([18435, 995]);
  const text = "The ship—“Pequod” 🐋\n\n  sailed.";
  expect(gpt2Tokenizer.decode(gpt2Tokenizer.encode(text))).toBe(text);
});

test("the mark between documents is only text when it stands in one", () => {
  const tokens = gpt2Tokenizer.encode("a<|endoftext|>b");
  expect([...tokens]).not.toContain(50256);
  expect(gpt2Tokenizer.decode(tokens)).toBe("a<|endoftext|>b");
  expect(gpt2Tokenizer.decode([50256])).toBe("<|endoftext|>");
  expect(() => gpt2Tokenizer.decode([50257])).toThrow(/50257 is not a token/);
});
