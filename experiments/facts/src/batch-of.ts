import { tensor, zeros, type Tensor } from "@ansatz/core";
import type { Hit } from "@ansatz/data-retrieval";
import type { Found } from "./answerer.ts";
import { sizes, tensorOf } from "./facts.ts";
import type { Question } from "./lists.ts";

export type FoundPassage = Pick<Hit, "id" | "text" | "score">;

/** Finds passages for questions; undefined for a model that has none. */
export type Search = ((questions: readonly string[]) => Promise<FoundPassage[][]>) | undefined;

export interface QuestionBatch {
  readonly found: Found;
  /** [batch, 2]; 0 is padding. */
  readonly answers: Tensor;
  readonly hits: readonly (readonly FoundPassage[])[];
}

/** Questions with the k passages that are found for each. If there are fewer, the others are blank. */
export async function batchOf(texts: readonly Question[], search: Search, k: number): Promise<QuestionBatch> {
  const asked = texts.map(({ question }) => question);
  const questions = tensorOf(asked, sizes.question);
  const answered = texts.map(({ answer }) => answer.join(" "));
  const answers = tensorOf(answered, sizes.answer);
  const { length } = texts;
  if (search === undefined) {
    const passages = zeros([length, 1, 0], { dtype: "int32" });
    return { found: { questions, passages, scores: zeros([length, 1]) }, answers, hits: texts.map(() => []) };
  }
  const hits = await search(asked);
  const places = hits.flatMap((own) => Array.from({ length: k }, (_, i) => own[i]));
  const passages = tensorOf(
    places.map((hit) => hit?.text ?? ""),
    sizes.passage,
  ).reshape([length, k, sizes.passage]);
  const scores = tensor(
    places.map((hit) => hit?.score ?? -1e9),
    { shape: [length, k] },
  );
  return { found: { questions, passages, scores }, answers, hits };
}
