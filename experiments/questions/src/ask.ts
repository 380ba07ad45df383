import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ArgumentError, RandomStream } from "@ansatz/core";
import { inMemory, passages as cut } from "@ansatz/data-retrieval";
import { loadParts, readJson, useFastest } from "@ansatz/lab";
import { ruleAnswer, searchOver, spanAnswers } from "./answering.ts";
import type { Lengths } from "./reading-of.ts";
import { SpanReader } from "./span-reader.ts";
import { Vocabulary, wordsOf } from "./words.ts";

interface StoredReader {
  readonly words: readonly string[];
  readonly width: number;
  readonly layers: number;
  readonly lengths: Lengths;
  readonly passages: number;
}

/**
 * What is said for a question: the answer, and the passages that were read, best first. The answer is read by the model
 * of a run, or found by a rule.
 *
 * @throws ArgumentError if the question has no words, the folder no texts, or the run no reader
 * @throws CheckpointError if the run hasn't saved its reader
 */
export async function ask(
  question: string,
  { texts, from }: { readonly texts: string; readonly from?: string },
): Promise<string> {
  if (wordsOf(question).length === 0) throw new ArgumentError('ask: the question has no words\n  ask "who is …?"');
  if (!statSync(texts, { throwIfNoEntry: false })?.isDirectory())
    throw new ArgumentError(`ask: there is no folder ${texts}\n  give a folder with files .txt or .md`);
  if (from !== undefined && !existsSync(join(from, "reader.json")))
    throw new ArgumentError(
      `ask: ${from} is no run of the experiment "questions"\n  train a reader: npx pnpm@10 experiment questions`,
    );
  const files = readdirSync(texts, { recursive: true, encoding: "utf8" }).filter((name) => /\.(txt|md)$/.test(name));
  if (files.length === 0) throw new ArgumentError(`ask: ${texts} has no text files\n  put files .txt or .md there`);
  const stored = from === undefined ? undefined : ((await readJson(from, "reader.json")) as StoredReader);
  const { lengths = { question: 24, passage: 72 }, passages: k = 4 } = stored ?? {};
  const passages = files.flatMap((name) => {
    const text = readFileSync(join(texts, name), "utf8");
    return text.trim() === "" ? [] : cut(text, { words: Math.floor(lengths.passage / 1.2), source: name });
  });
  if (passages.length === 0)
    throw new ArgumentError(`ask: the texts in ${texts} are empty\n  give some that have words`);
  await useFastest();
  const [hits] = await (await searchOver(passages, inMemory(), k))([question]);
  const [answer] =
    stored && from !== undefined
      ? await (
          await readerOf(stored, from)
        )([question], [hits!])
      : [ruleAnswer(question, hits!)];
  const quoted = hits!.map(
    ({ source, place, text }) => `\n${source}, from character ${place}:\n  ${text.replaceAll(/\s+/g, " ")}\n`,
  );
  const said =
    answer === undefined ? "nothing that was found answers it" : `${answer.answer}  (${answer.passage.source})`;
  return [said, "\n", ...quoted].join("");
}

/** The reader of a run. */
async function readerOf({ words, width, layers, lengths }: StoredReader, from: string) {
  const vocabulary = new Vocabulary(words);
  const reader = new SpanReader({ vocabularySize: vocabulary.size, width, layers, random: new RandomStream(0) });
  await loadParts(from, { reader });
  reader.eval();
  return spanAnswers(reader, vocabulary, lengths);
}
