import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, RandomStream, use } from "@ansatz/core";
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
 * @throws ArgumentError if the question has no words, the folder no texts, a text cannot be read, or the run has no
 *   reader
 * @throws CheckpointError if the run hasn't saved its reader
 */
export async function ask(
  question: string,
  { texts, from }: { readonly texts: string; readonly from?: string },
): Promise<string> {
  if (wordsOf(question).length === 0) throw new ArgumentError('ask: the question has no words\n  ask "who is …?"');
  if (!statSync(texts, { throwIfNoEntry: false })?.isDirectory())
    throw new ArgumentError(`ask: there is no folder ${texts}\n  give a folder with files .txt or .md`);
  const stored = from === undefined ? undefined : await storedReader(from);
  const files = readdirSync(texts, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(txt|md)$/i.test(name) && statSync(join(texts, name), { throwIfNoEntry: false })?.isFile())
    .toSorted();
  if (files.length === 0) throw new ArgumentError(`ask: ${texts} has no text files\n  put files .txt or .md there`);
  const { lengths = { question: 24, passage: 72 }, passages: k = 4 } = stored ?? {};
  const passages = files.flatMap((name) => {
    const text = textOf(join(texts, name));
    return text.trim() === "" ? [] : cut(text, { words: Math.floor(lengths.passage / 1.2), source: name });
  });
  if (passages.length === 0)
    throw new ArgumentError(`ask: the texts in ${texts} are empty\n  give some that have words`);
  await (stored === undefined ? use(cpu()) : useFastest()); // the rule computes nothing
  const [hits] = await (await searchOver(passages, inMemory(), k))([question]);
  const [answer] =
    stored && from !== undefined
      ? await (
          await readerOf(stored, from)
        )([question], [hits!])
      : [ruleAnswer(question, hits!)];
  const quoted = hits!.map(
    ({ source, place, text }) => `\n${printable(source)}, from character ${place}:\n  ${shortened(printable(text))}\n`,
  );
  const said =
    answer === undefined
      ? "no answer was found in these passages"
      : `${printable(answer.answer)}  (${printable(answer.passage.source)})`;
  const hint = stored === undefined ? "by a rule; a reader answers better: --from runs/questions/N\n" : "";
  return [said, "\n", hint, ...quoted].join("");
}

/** The text of a file. @throws ArgumentError if it cannot be read */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ArgumentError(`ask: ${path} cannot be read: ${code}\n  make it readable, or take it out of the folder`);
  }
}

/** Text in one line, without what could control a terminal. */
function printable(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
}

/** The most characters of a passage that are shown; a word may be a whole file. */
const mostShown = 600;

function shortened(text: string): string {
  return text.length <= mostShown ? text : `${text.slice(0, mostShown)} …`;
}

/** What a run saved of its reader. @throws ArgumentError if it is no run of this experiment */
async function storedReader(from: string): Promise<StoredReader> {
  const saved = existsSync(join(from, "reader.json"))
    ? ((await readJson(from, "reader.json")) as Partial<StoredReader>)
    : {};
  if (!Array.isArray(saved.words) || saved.lengths === undefined || saved.passages === undefined)
    throw new ArgumentError(
      `ask: ${from} is no run of the experiment "questions"\n  train a reader: npx pnpm@10 experiment questions`,
    );
  return saved as StoredReader;
}

/** The reader of a run. */
async function readerOf({ words, width, layers, lengths }: StoredReader, from: string) {
  const vocabulary = new Vocabulary(words);
  const reader = new SpanReader({ vocabularySize: vocabulary.size, width, layers, random: new RandomStream(0) });
  await loadParts(from, { reader });
  reader.eval();
  return spanAnswers(reader, vocabulary, lengths);
}
