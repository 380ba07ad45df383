import { compile, type Tensor } from "@ansatz/core";
import { indexPassages, type Database, type Hit, type Passage } from "@ansatz/data-retrieval";
import { salientSpans } from "@ansatz/nn-retrieval";
import { longestAnswer } from "./cloze.ts";
import { readingOf, type Lengths } from "./reading-of.ts";
import type { Reading, SpanReader } from "./span-reader.ts";
import type { WordEncoders } from "./word-encoders.ts";
import { normalized, wordsOf, type Vocabulary } from "./words.ts";

export interface Answer {
  readonly answer: string;
  /** The passage that it was read from. */
  readonly passage: Hit;
}

export type Search = (questions: readonly string[]) => Promise<Hit[][]>;

/** Puts passages into an empty database, and finds the k best of them: by words, or with encoders by vectors. */
export async function searchOver(
  passages: readonly Passage[],
  database: Database,
  k: number,
  encoders?: { readonly model: WordEncoders; readonly vocabulary: Vocabulary; readonly lengths: Lengths },
): Promise<Search> {
  const embed = (kind: "questions" | "passages") => {
    const run = compile((words: Tensor) => encoders!.model.forward(kind, words));
    const length = encoders!.lengths[kind === "questions" ? "question" : "passage"];
    return (texts: readonly string[]) => run(encoders!.vocabulary.tensorOf(texts, length));
  };
  const [embedPassages, embedQuestions] = encoders ? [embed("passages"), embed("questions")] : [];
  const index = await indexPassages(database, passages, { version: "now", embed: embedPassages });
  return async (questions) => index.search((await embedQuestions?.(questions)) ?? questions, k);
}

/** Reads the likeliest span of all passages that were found. */
export function spanAnswers(reader: SpanReader, vocabulary: Vocabulary, lengths: Lengths) {
  const score = compile((reading: Reading) => reader.forward(reading, lengths.question));
  return async (questions: readonly string[], hits: readonly (readonly Hit[])[]): Promise<(Answer | undefined)[]> => {
    const pairs = questions.flatMap((question, i) => hits[i]!.map((hit) => ({ question, hit })));
    if (pairs.length === 0) return questions.map(() => undefined);
    const reading = readingOf(
      pairs.map(({ question, hit }) => ({ question, passage: hit.text })),
      vocabulary,
      lengths,
    );
    const scores = await (await score(reading)).data();
    let row = 0;
    return hits.map((own) => {
      let best: { score: number; answer: string; passage: Hit } | undefined;
      for (const passage of own) {
        const words = wordsOf(passage.text).slice(0, lengths.passage);
        const at = (place: number, end: 0 | 1) => Number(scores[(row * lengths.passage + place) * 2 + end]);
        for (let first = 0; first < words.length; first++)
          for (let last = first; last < Math.min(words.length, first + longestAnswer); last++) {
            const own = at(first, 0) + at(last, 1);
            if (best === undefined || own > best.score)
              best = { score: own, answer: passage.text.slice(words[first]!.start, words[last]!.end), passage };
          }
        row++;
      }
      return best && { answer: best.answer, passage: best.passage };
    });
  };
}

/** Answers by a rule: the first name or date, in the best passages first, that the question hasn't. */
export function ruleAnswer(question: string, hits: readonly Hit[]): Answer | undefined {
  const asked = ` ${normalized(question)} `;
  for (const passage of hits)
    for (const { text } of salientSpans(passage.text))
      if (!asked.includes(` ${normalized(text)} `)) return { answer: text, passage };
  return undefined;
}
