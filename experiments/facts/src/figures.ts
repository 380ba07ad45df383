import type { Passage } from "@ansatz/data-retrieval";
import type { Answerer } from "./answerer.ts";
import type { Search } from "./batch-of.ts";
import { sizes, tensorOf, type Fact, type Facts } from "./facts.ts";
import { judged } from "./judged.ts";

/** What a run finds. Shares are of facts. */
export type Figures = {
  /** The share of exact answers, of facts that training asked for, and of facts of other persons, that it never did. */
  readonly asked: number;
  readonly neverAsked: number;
  /** The share of never-asked facts whose passage was among those that were found. */
  readonly found: number;
  /** After the index was swapped for other facts: the share of answers that say these, and that still say the old. */
  readonly followed: number;
  readonly kept: number;
  /** How far RAG-Sequence and RAG-Token are apart at most for answers of one word, and on average for two, in nats. */
  readonly apartForOneWord: number;
  readonly apartForTwoWords: number;
  readonly parameters: number;
};

/** Asks the model `count` of the facts that it was asked in training, as many others, and those of a swapped index. */
export async function figuresOf(
  model: Answerer,
  options: {
    readonly known: Facts;
    readonly swapped: Facts;
    readonly over: (passages: readonly Passage[]) => Promise<Search>;
    readonly count: number;
    readonly trained: boolean;
    readonly k: number;
    readonly size: number;
  },
): Promise<Figures> {
  const { known, swapped, over, count } = options;
  model.eval();
  const [search, searchSwapped] = [await over(known.passages), await over(swapped.passages)];
  const ask = (facts: readonly Fact[], own: Search) =>
    judged(model, facts.slice(0, count), { ...options, search: own });
  const [asked, neverAsked] = [await ask(known.asked, search), await ask(known.neverAsked, search)];
  const before = [...asked, ...neverAsked];
  const after = [...(await ask(swapped.asked, searchSwapped)), ...(await ask(swapped.neverAsked, searchSwapped))];
  const old = [...known.asked.slice(0, count), ...known.neverAsked.slice(0, count)];
  const oldAnswers = tensorOf(
    old.map(({ answer }) => answer.join(" ")),
    sizes.answer,
  );
  const oldWords = (await oldAnswers.array()) as number[][];
  const share = (of: readonly boolean[]) => of.filter(Boolean).length / of.length;
  const apart = (oneWord: boolean) => before.filter((own) => own.oneWord === oneWord).map((own) => own.difference);
  const two = apart(false);
  return {
    asked: share(asked.map(({ right }) => right)),
    neverAsked: share(neverAsked.map(({ right }) => right)),
    found: share(neverAsked.map(({ found }) => found)),
    followed: share(after.map(({ right }) => right)),
    kept: share(after.map(({ words }, i) => words.join() === oldWords[i]!.join())),
    apartForOneWord: Math.max(...apart(true)),
    apartForTwoWords: two.reduce((sum, difference) => sum + difference, 0) / two.length,
    parameters: model.parameterCount(),
  };
}
