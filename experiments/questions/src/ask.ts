/**
 * Answers a question from a folder of texts, with the passages that it used.
 *
 *     npx pnpm@10 ask "who …?" --texts FOLDER [--from runs/questions/1]
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { AnsatzError, ArgumentError, RandomStream } from "@ansatz/core";
import { inMemory, passages as cut } from "@ansatz/data-retrieval";
import { loadParts, readJson, useFastest } from "@ansatz/lab";
import { ruleAnswer, searchOver, spanAnswers } from "./answering.ts";
import type { Lengths } from "./reading-of.ts";
import { SpanReader } from "./span-reader.ts";
import { Vocabulary } from "./words.ts";

interface StoredReader {
  readonly words: readonly string[];
  readonly width: number;
  readonly layers: number;
  readonly lengths: Lengths;
  readonly passages: number;
}

/** What is said for a question: the answer, and the passages that were read, best first. */
export async function ask(
  question: string,
  { texts, from }: { readonly texts: string; readonly from?: string },
): Promise<string> {
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

if (import.meta.url === `file://${process.argv[1]}`) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { texts: { type: "string" }, from: { type: "string" } },
  });
  try {
    const [question] = positionals;
    if (question === undefined || values.texts === undefined)
      throw new ArgumentError('ask: the question or its texts are missing\n  ask "who is …?" --texts FOLDER');
    const place = (path: string) => resolve(process.env["INIT_CWD"] ?? ".", path); // where pnpm was called
    console.log(await ask(question, { texts: place(values.texts), ...(values.from && { from: place(values.from) }) }));
  } catch (error) {
    if (!(error instanceof AnsatzError)) throw error;
    console.error(`${error.name}: ${error.message}`);
    process.exitCode = 1;
  }
}
