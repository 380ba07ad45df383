import { key, type RandomStream } from "@ansatz/core";
import { DataLoader } from "@ansatz/data";
import type { Hit, Passage } from "@ansatz/data-retrieval";
import { inverseCloze, type ClozePair } from "@ansatz/nn-retrieval";
import { questionOf, type Question } from "./cloze.ts";

export interface TrainingOptions {
  /** Questions a step, and pairs a step. */
  readonly batch: number;
  readonly pairs: number;
  /** How many words of a passage are read; what is after them isn't asked for. */
  readonly most: number;
  readonly random: RandomStream;
}

/**
 * What training reads: questions, and pairs of a text and the passage to find, of which half are questions and half
 * inverse clozes. Every tenth passage has the questions to judge by, which are the same for all seeds.
 */
export function trainingOf(passages: readonly Passage[], { batch, pairs, most, random }: TrainingOptions) {
  const asked = passages.filter((passage, i) => i % 10 !== 9 && questionOf(key(1), passage, most) !== undefined);
  const unseen = passages
    .filter((_, i) => i % 10 === 9)
    .flatMap((passage, i) => questionOf(key(2).fold(i), passage, most) ?? []);
  const shuffle = { dropLast: true, shuffle: random.next() };
  return {
    asking: new DataLoader<readonly Question[]>(
      {
        length: asked.length,
        batch: (places, own) => Array.from(places, (place, i) => questionOf(own.fold(i), asked[place]!, most)!),
      },
      { batchSize: batch, ...shuffle },
    ),
    pairing: new DataLoader<readonly ClozePair[]>(
      {
        length: passages.length,
        batch: (places, own) =>
          Array.from(places, (place, i) => {
            const passage = passages[place]!;
            const question = i % 2 === 0 && place % 10 !== 9 ? questionOf(own.fold(i), passage, most) : undefined;
            if (question === undefined) return inverseCloze(own.fold(i), passage.text);
            return { query: question.text, passage: passage.text };
          }),
      },
      { batchSize: pairs, ...shuffle },
    ),
    unseen: spread(unseen),
  };
}

/** In an order in which the first few are from all texts. */
function spread<T>(list: readonly T[]): readonly T[] {
  const step = 7;
  return Array.from({ length: step }, (_, start) => list.filter((_own, i) => i % step === start)).flat();
}

/** The texts of k passages for each question, its own among them, and the place of that one. */
export function withGold(
  questions: readonly Question[],
  hits: readonly (readonly Hit[])[],
  k: number,
): { readonly texts: readonly string[]; readonly gold: number }[] {
  return questions.map(({ passage }, i) => {
    const own = Array.from({ length: k }, (_, place) => hits[i]![place]);
    const found = own.findIndex((hit) => hit?.id === passage.id);
    const gold = found === -1 ? k - 1 : found;
    return { texts: own.map((hit, place) => (place === gold ? passage.text : (hit?.text ?? ""))), gold };
  });
}
