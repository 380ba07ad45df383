import { Tokenizer as Reference } from "@huggingface/tokenizers";
import { ArgumentError } from "@ansatz/core";
import { describe, expect, test } from "vitest";
import { BytePairTokenizer, mobyDick, TokenizerError, WordPieceTokenizer, type TokenizerJSON } from "./index.ts";

describe("BytePairTokenizer", () => {
  const text = mobyDick().slice(0, 120_000);
  const tokenizer = BytePairTokenizer.train(text, { vocabularySize: 700 });
  const shown = (own: BytePairTokenizer, count: number) =>
    own
      .toJSON()
      .model.merges.slice(0, count)
      .map((merge) => [...merge].join("+"));

  test("learns the merges of the paper's example", () => {
    // Sennrich et al. 2015, Section 3.2: low 5 times, lower 2, newest 6, widest 3; a line each, so that no spaces come
    // in.
    const words = [
      ["low", 5],
      ["lower", 2],
      ["newest", 6],
      ["widest", 3],
    ] as const;
    const small = BytePairTokenizer.train(
      words.flatMap(([word, count]) => Array.from({ length: count }, () => word)).join("\n"),
      { vocabularySize: 300 },
    );
    expect(shown(small, 4)).toEqual(["e+s", "es+t", "l+o", "lo+w"]);
    expect(small.decode(small.encode("lowest"))).toBe("lowest");
    expect([...small.encode("lowest")].map((token) => small.decode([token]))).toEqual(["low", "est"]);
  });

  test("encodes like Hugging Face's tokenizers, which read its tokenizer.json", () => {
    const reference = new Reference(JSON.parse(JSON.stringify(tokenizer.toJSON())) as Record<string, unknown>, {});
    for (const sample of [text.slice(50_000, 60_000), "It's 1851;   \n\n the naïve whale — 鯨 🐋\t!!", ""]) {
      expect([...tokenizer.encode(sample)]).toEqual(reference.encode(sample).ids);
    }
  });

  test("decodes any text that it encodes, in fewer tokens", () => {
    const other = mobyDick().slice(300_000, 340_000);
    const tokens = tokenizer.encode(other);
    expect(tokenizer.decode(tokens)).toBe(other);
    expect(tokens.length).toBeLessThan(0.55 * other.length);
    const strange = "\u0000\u{10FFFF} \r\n\t 語🙂é";
    expect(tokenizer.decode(tokenizer.encode(strange))).toBe(strange);
    expect(tokenizer.vocabularySize).toBe(700);
  });

  test("stops if no pair occurs twice", () => {
    expect(BytePairTokenizer.train("abc", { vocabularySize: 500 }).vocabularySize).toBe(256);
  });

  test("its tokenizer.json can be written and read, with merges as pairs or as text", () => {
    const json = JSON.parse(JSON.stringify(tokenizer)) as TokenizerJSON;
    expect(BytePairTokenizer.fromJSON(json).merges).toEqual(tokenizer.merges);
    const joined = {
      ...json,
      model: { ...json.model, merges: json.model.merges.map((merge) => [...merge].join(" ")) },
    };
    expect(BytePairTokenizer.fromJSON(joined).merges).toEqual(tokenizer.merges);
  });

  test("invalid options and files are refused", () => {
    const json = tokenizer.toJSON();
    expect(() => BytePairTokenizer.train("a", { vocabularySize: 100 })).toThrow(ArgumentError);
    expect(() => tokenizer.decode([700])).toThrow(/no token 700/);
    expect(() => BytePairTokenizer.fromJSON({ ...json, model: { ...json.model, type: "WordPiece" } })).toThrow(
      /WordPiece model/,
    );
    expect(() => BytePairTokenizer.fromJSON({ ...json, model: { ...json.model, merges: [["ab", "c"]] } })).toThrow(
      /merge 0 joins "ab" and "c"/,
    );
    expect(() =>
      BytePairTokenizer.fromJSON({ ...json, model: { ...json.model, vocab: { ...json.model.vocab, a: 5 } } }),
    ).toThrow(TokenizerError);
  });
});

describe("WordPieceTokenizer", () => {
  test("joins by count(ab) / (count(a) count(b)), worked out by hand", () => {
    // g and s: 5 / (20 · 5) = 1/20. Then each pair with u has 1/36, and "hu" comes first. Then "hu" and "gs": 5 / (15 ·
    // 5) = 1/15.
    const words = [
      ["hug", 10],
      ["pug", 5],
      ["pun", 12],
      ["bun", 4],
      ["hugs", 5],
    ] as const;
    const text = words.flatMap(([word, count]) => Array.from({ length: count }, () => word)).join(" ");
    const letters = ["[UNK]", "##g", "##n", "##s", "##u", "b", "h", "p"];
    expect(WordPieceTokenizer.train(text, { vocabularySize: 11 }).pieces).toEqual([...letters, "##gs", "hu", "hugs"]);
  });

  const tokenizer = WordPieceTokenizer.train(mobyDick().slice(0, 20_000), { vocabularySize: 300 });

  test("encodes like Hugging Face's tokenizers with the same pieces", () => {
    const vocab = Object.fromEntries(tokenizer.pieces.map((piece, token) => [piece, token]));
    const json = {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: [],
      normalizer: null,
      post_processor: null,
      pre_tokenizer: { type: "BertPreTokenizer" },
      decoder: { type: "WordPiece", prefix: "##", cleanup: false },
      model: {
        type: "WordPiece",
        unk_token: "[UNK]",
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab,
      },
    };
    const reference = new Reference(json, {});
    const sample = `${mobyDick().slice(500_000, 503_000)} Ωmega`;
    expect([...tokenizer.encode(sample)]).toEqual(reference.encode(sample).ids);
    expect([...tokenizer.encode("Ωmega")]).toEqual([0]);
  });

  test("decodes words, separated by one space", () => {
    expect(tokenizer.decode(tokenizer.encode("the  whale,\n the sea"))).toBe("the whale , the sea");
    expect(tokenizer.vocabularySize).toBe(300);
  });

  test("invalid options and files are refused", () => {
    expect(() => WordPieceTokenizer.train("abc", { vocabularySize: 2 })).toThrow(/alone make 4/);
    expect(() => new WordPieceTokenizer(["a"])).toThrow(ArgumentError);
    expect(() => tokenizer.decode([300])).toThrow(/no token 300/);
  });
});
