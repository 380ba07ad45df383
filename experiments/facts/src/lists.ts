import type { RandomStream } from "@ansatz/core";
import { DataLoader, type Dataset } from "@ansatz/data";
import { inverseCloze, type ClozePair } from "@ansatz/nn-retrieval";
import type { Facts } from "./facts.ts";

export interface Question {
  readonly question: string;
  readonly answer: readonly string[];
}

/** A statement to fill in, the passage that it is from, and an inverse cloze of that passage. */
export interface Statement extends Question {
  readonly passage: string;
  readonly cloze: ClozePair;
}

/** What training reads: the facts that are asked, in each wording, and all facts as statements. */
export function lists(
  { asked, neverAsked, passages }: Facts,
  { batch, random }: { readonly batch: number; readonly random: RandomStream },
) {
  const loader = <T>(dataset: Dataset<readonly T[]>) =>
    new DataLoader(dataset, { batchSize: batch, shuffle: random.next(), dropLast: true });
  const questions = asked.flatMap((fact) => fact.questions.map((question) => ({ question, answer: fact.answer })));
  const all = [...asked, ...neverAsked];
  const texts = new Map(passages.map(({ id, text }) => [id, text]));
  return {
    asking: loader<Question>({
      length: questions.length,
      batch: (places) => Array.from(places, (place) => questions[place]!),
    }),
    stating: loader<Statement>({
      length: all.length,
      batch: (places, key) =>
        Array.from(places, (place, i) => {
          const { blanked: question, answer, passage: id } = all[place]!;
          const passage = texts.get(id)!;
          return { question, answer, passage, cloze: inverseCloze(key.fold(i), passage) };
        }),
    }),
  };
}
