import {
  abs,
  add,
  argmax,
  broadcastTo,
  compile,
  concat,
  expandDims,
  logSumExp,
  notEqual,
  reshape,
  squeeze,
  sub,
  sum,
  takeAlongAxis,
  where,
  zeros,
  type Tensor,
} from "@ansatz/core";
import { ragSequence, ragToken } from "@ansatz/nn-retrieval";
import type { Answerer, Found } from "./answerer.ts";
import { batchOf, type Search } from "./batch-of.ts";
import { sizes, type Fact } from "./facts.ts";

/** What a model answered, fact by fact. */
export interface Answered {
  /** Whether every word was right. */
  readonly right: boolean;
  /** Whether a passage was found that states the fact. */
  readonly found: boolean;
  readonly words: readonly number[];
  /** How far the losses of RAG-Sequence and RAG-Token are apart for the right answer. */
  readonly difference: number;
  readonly oneWord: boolean;
}

/**
 * The answers of RAG-Sequence by thorough decoding: the likeliest answer by each passage is a candidate, and each
 * candidate is scored by all passages. Lewis et al. 2020, arXiv:2005.11401, Section 2.5. The number of words is given.
 */
export async function judged(
  model: Answerer,
  facts: readonly Fact[],
  options: { readonly search: Search; readonly k: number; readonly trained: boolean; readonly size: number },
): Promise<readonly Answered[]> {
  const { search, k, trained, size } = options;
  const decide = compile((found: Found, answers: Tensor) => {
    const [batch, own] = found.passages.shape as [number, number];
    const mask = notEqual(answers, 0);
    const retrieval = model.retrieval(found, trained);
    const word = (place: number, before: Tensor) =>
      argmax(reshape(model.said(found, before).slice([null, null, [place, place + 1]]), [batch, own, -1]));
    const blank = zeros([batch, own, 1], { dtype: "int32" });
    const first = expandDims(word(0, concat([blank, blank], 2)), -1);
    const second = expandDims(word(1, concat([first, blank], 2)), -1);
    const kept = broadcastTo(expandDims(mask, 1), [batch, own, sizes.answer]);
    const candidates = where(kept, concat([first, second], 2), 0); // [batch, k, 2]
    const scores = Array.from({ length: own }, (_, i) => {
      const candidate = reshape(candidates.slice([null, [i, i + 1]]), [batch, sizes.answer]);
      const answer = sum(where(expandDims(mask, 1), model.tokens(found, candidate), 0), -1); // ln p(y|x, z)
      return logSumExp(add(retrieval, answer), -1, { keepDims: true });
    });
    const best = expandDims(argmax(concat(scores, 1)), -1);
    const said = squeeze(takeAlongAxis(candidates, broadcastTo(expandDims(best, -1), [batch, 1, sizes.answer]), 1), 1);
    const tokens = model.tokens(found, answers);
    const [sequence, token] = [ragSequence, ragToken].map((loss) =>
      loss(retrieval, tokens, { mask, reduction: "none" }),
    );
    return { said, differences: abs(sub(sequence!, token!)) };
  });
  const answered: Answered[] = [];
  for (let start = 0; start < facts.length; start += size) {
    const own = facts.slice(start, start + size);
    const texts = own.map(({ questions, answer }, i) => ({ question: questions[i % questions.length]!, answer }));
    const { found, answers, hits } = await batchOf(texts, search, k);
    const { said, differences } = await decide(found, answers);
    const words = (await said.array()) as number[][];
    const wanted = (await answers.array()) as number[][];
    const apart = await differences.data();
    for (const [i, { passage, answer }] of own.entries())
      answered.push({
        right: words[i]!.every((word, place) => word === wanted[i]![place]),
        found: hits[i]!.some(({ id }) => id === passage),
        words: words[i]!,
        difference: Number(apart[i]),
        oneWord: answer.length === 1,
      });
  }
  return answered;
}
