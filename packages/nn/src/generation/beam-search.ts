import { ArgumentError, compile, gather, logSoftmax, tensor, topK, type Tensor } from "@ansatz/core";
import { mapTree, type Tree } from "@ansatz/core/plugin";
import { decoderOf } from "./decoder.ts";
import { inEvaluation } from "./in-evaluation.ts";
import type { LanguageModel } from "./language-model.ts";

export interface BeamSearchOptions {
  /** How many tokens are written at most. */
  readonly length: number;
  /** How many continuations are followed at once. Default: 4. */
  readonly beams?: number;
  /** A token that ends a continuation. */
  readonly endToken?: number;
  /**
   * α of the length penalty: scores are divided by ((5 + length) / 6)ᵅ. Default: 0, which leaves them as they are and
   * so favours short continuations. Wu et al. 2016, arXiv:1609.08144, equation 14, without its coverage penalty.
   */
  readonly lengthPenalty?: number;
}

/** A continuation, and the logarithm of its probability in nats. */
export interface BeamHypothesis {
  readonly tokens: readonly number[];
  readonly logProbability: number;
}

/**
 * The likeliest continuations of a prompt with any language model, found by following several at once. Graves 2012,
 * arXiv:1211.3711; Sutskever, Vinyals & Le 2014, arXiv:1409.3215.
 *
 * The continuation with the best score comes first. With one beam the search is greedy. Prompt and continuation must
 * fit into the context.
 *
 * @throws ArgumentError for an empty prompt, one that leaves no room, or settings out of range
 * @example const model = new TransformerLM({ vocabularySize: 5, width: 4, layers: 1, heads: 1, context: 8 });
 * (await beamSearch(model, [1, 2], { length: 3, beams: 2 })).map(({ tokens }) => tokens.length) // [3, 3]
 */
export async function beamSearch(
  model: LanguageModel,
  prompt: readonly number[],
  options: BeamSearchOptions,
): Promise<BeamHypothesis[]> {
  const { length, beams = 4, endToken, lengthPenalty = 0 } = options;
  const { context = Infinity, vocabularySize } = model;
  if (prompt.length === 0) throw new ArgumentError("beamSearch: the prompt is empty\n  begin with at least one token");
  if (prompt.length + length > context + 1)
    throw new ArgumentError(
      `beamSearch: ${prompt.length} tokens and ${length} more do not fit into a context of ${context}\n` +
        `  shorten the prompt or the length`,
    );
  if (!Number.isInteger(beams) || beams < 1)
    throw new ArgumentError(`beamSearch: ${beams} beams\n  use a whole number, 1 or more`);
  const candidates = Math.min(vocabularySize, beams + 1); // one of them may be the end
  const whole = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor =>
    tensor(Int32Array.from(values), { shape });
  const same = Array.from({ length: beams }, (_, i) => i);
  const score = ({ tokens, logProbability }: BeamHypothesis): number =>
    logProbability / ((5 + tokens.length) / 6) ** lengthPenalty;
  const finished: BeamHypothesis[] = [];
  let open: BeamHypothesis[] = [{ tokens: [], logProbability: 0 }];
  await inEvaluation(model, async () => {
    const decoder = decoderOf(model, beams, prompt.length + length);
    const step = compile((tokens: Tensor, parents: Tensor, position: Tensor, cache: Tree) => {
      const kept = mapTree(cache, (part) => gather(part, parents)); // each beam continues its parent
      const [scores, next] = decoder.step(tokens, position, kept);
      const { values, indices } = topK(logSoftmax(scores), candidates);
      return { values, indices, cache: next };
    });
    const start = decoder.begin(prompt);
    let [parents, cache] = [same, start.cache];
    for (let place = start.read; place < prompt.length - 1 + length && open.length > 0; place++) {
      const latest = same.map((i) => (place < prompt.length ? prompt[place]! : (open[i] ?? open[0]!).tokens.at(-1)!));
      const result = await step(whole(latest), whole(parents), whole([place], []), cache);
      cache = result.cache;
      if (place < prompt.length - 1) continue;
      const [values, indices] = [await result.values.data(), await result.indices.data()];
      const grown = open.flatMap((hypothesis, beam) =>
        Array.from({ length: candidates }, (_, i) => {
          const at = beam * candidates + i;
          return {
            beam,
            tokens: [...hypothesis.tokens, indices[at]!],
            logProbability: hypothesis.logProbability + values[at]!,
          };
        }),
      );
      const ranked = grown.sort((a, b) => b.logProbability - a.logProbability);
      finished.push(...ranked.slice(0, beams).filter(({ tokens }) => tokens.at(-1) === endToken));
      const next = ranked.filter(({ tokens }) => tokens.at(-1) !== endToken).slice(0, beams);
      open = next;
      parents = same.map((i) => next[i]?.beam ?? 0);
    }
  });
  return [...finished, ...open]
    .sort((a, b) => score(b) - score(a))
    .slice(0, beams)
    .map(({ tokens, logProbability }) => ({ tokens, logProbability }));
}
