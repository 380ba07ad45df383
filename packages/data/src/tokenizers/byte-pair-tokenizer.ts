import { AnsatzError, ArgumentError } from "@ansatz/core";
import { invisible, visible, wordPattern } from "./byte-level.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { merged, trainMerges, type Merge } from "./train-byte-pairs.ts";

/** A tokenizer.json that is invalid, or of another kind. */
export class TokenizerError extends AnsatzError {}

/** The parts of Hugging Face's tokenizer.json that define a byte-pair encoding. */
export interface TokenizerJSON {
  readonly version: "1.0";
  readonly pre_tokenizer: { readonly type: string; readonly [setting: string]: unknown };
  readonly decoder: { readonly type: string };
  readonly model: {
    readonly type: string;
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (readonly [string, string] | string)[];
  };
}

/**
 * Byte-pair encoding on the bytes of a text, so that it can encode any text: tokens 0 to 255 are the bytes, and each
 * merge adds one token. Sennrich, Haddow & Birch 2015, arXiv:1508.07909; on bytes, with GPT-2's splitting into words,
 * Radford et al. 2019.
 *
 * `train` learns the merges from a text; `toJSON` and `fromJSON` write and read Hugging Face's tokenizer.json.
 *
 * @example const tokenizer = BytePairTokenizer.train("low low lower lowest", { vocabularySize: 258 });
 * [...tokenizer.encode("low")] // [257]
 */
export class BytePairTokenizer implements Tokenizer {
  readonly merges: readonly Merge[];
  /** The bytes of each token. */
  readonly #bytes: readonly (readonly number[])[];
  readonly #ranks: ReadonlyMap<string, number>;
  readonly #known = new Map<string, readonly number[]>();

  private constructor(merges: readonly Merge[]) {
    this.merges = merges;
    const bytes: (readonly number[])[] = Array.from({ length: 256 }, (_, byte) => [byte]);
    for (const [left, right] of merges) bytes.push([...bytes[left]!, ...bytes[right]!]);
    this.#bytes = bytes;
    this.#ranks = new Map(merges.map((merge, rank) => [merge.join(), rank]));
  }

  /**
   * Learns merges from a text until the vocabulary has the given size, or no pair occurs twice.
   *
   * @throws ArgumentError for a vocabulary smaller than 256, the number of bytes
   */
  static train(text: string, options: { readonly vocabularySize: number }): BytePairTokenizer {
    const { vocabularySize } = options;
    if (!Number.isInteger(vocabularySize) || vocabularySize < 256)
      throw new ArgumentError(
        `BytePairTokenizer: the vocabulary size is ${vocabularySize}\n  use 256, the number of bytes, or more`,
      );
    return new BytePairTokenizer(trainMerges(text, vocabularySize - 256));
  }

  get vocabularySize(): number {
    return this.#bytes.length;
  }

  encode(text: string): Int32Array {
    const tokens: number[] = [];
    for (const [word] of text.matchAll(wordPattern)) tokens.push(...this.#encodeWord(word));
    return Int32Array.from(tokens);
  }

  #encodeWord(word: string): readonly number[] {
    const known = this.#known.get(word);
    if (known !== undefined) return known;
    let tokens: number[] = [...new TextEncoder().encode(word)];
    for (;;) {
      // Apply the earliest merge everywhere in the word, until none applies.
      let first = Infinity;
      for (let i = 0; i + 1 < tokens.length; i++)
        first = Math.min(first, this.#ranks.get(`${tokens[i]},${tokens[i + 1]}`) ?? Infinity);
      if (first === Infinity) break;
      tokens = merged(tokens, this.merges[first]!, 256 + first);
    }
    if (this.#known.size < 100_000) this.#known.set(word, tokens);
    return tokens;
  }

  decode(tokens: Iterable<number>): string {
    const bytes: number[] = [];
    for (const token of tokens) {
      const own = this.#bytes[token];
      if (own === undefined)
        throw new ArgumentError(
          `BytePairTokenizer: there is no token ${token}\n  tokens are 0 to ${this.vocabularySize - 1}`,
        );
      bytes.push(...own);
    }
    return new TextDecoder().decode(Uint8Array.from(bytes));
  }

  /** As Hugging Face's tokenizer.json. */
  toJSON(): TokenizerJSON & Readonly<Record<string, unknown>> {
    const named = this.#bytes.map((own) => visible(own));
    const model = {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      vocab: Object.fromEntries(named.map((name, token) => [name, token])),
    };
    return {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
      post_processor: null,
      decoder: { type: "ByteLevel" },
      model: { ...model, merges: this.merges.map(([left, right]) => [named[left]!, named[right]!] as const) },
    };
  }

  /**
   * Reads a tokenizer.json of this class, or of Hugging Face's byte-level trainer without special tokens. Its tokens
   * must be numbered as here.
   *
   * @throws TokenizerError for another kind of tokenizer, and for merges of tokens that do not exist
   */
  static fromJSON(json: Pick<TokenizerJSON, "pre_tokenizer" | "model">): BytePairTokenizer {
    if (json.model?.type !== "BPE" || json.pre_tokenizer?.type !== "ByteLevel") {
      throw new TokenizerError(
        `BytePairTokenizer: the file has a ${String(json.model?.type)} model ` +
          `after ${String(json.pre_tokenizer?.type)}, not a BPE model after ByteLevel\n` +
          "  use the tokenizer.json of a byte-level BPE",
      );
    }
    const tokens = new Map(Array.from({ length: 256 }, (_, byte) => [visible([byte]), byte]));
    const merges = json.model.merges.map((merge, rank): Merge => {
      const [left, right] = typeof merge === "string" ? (merge.split(" ") as [string, string]) : merge;
      const pair = [tokens.get(left), tokens.get(right)] as const;
      const whole = `${left}${right}`;
      if (pair[0] === undefined || pair[1] === undefined || invisible(whole) === undefined)
        throw new TokenizerError(
          `BytePairTokenizer: merge ${rank} joins "${left}" and "${right}", but no earlier merge makes them\n` +
            "  check that the file is complete and its merges are in order",
        );
      tokens.set(whole, 256 + rank);
      return pair as Merge;
    });
    const misplaced = Object.entries(json.model.vocab).find(([name, token]) => tokens.get(name) !== token);
    if (misplaced !== undefined)
      throw new TokenizerError(
        `BytePairTokenizer: "${misplaced[0]}" is token ${misplaced[1]}, ` +
          `but it would be ${String(tokens.get(misplaced[0]))} here\n` +
          "  the tokens must be the bytes, then the merges in order",
      );
    return new BytePairTokenizer(merges);
  }
}
