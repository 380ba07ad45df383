import { ArgumentError, concat, type Tensor } from "@ansatz/core";

/** Sentences in another language: tokens [batch, time] of int32 give such tokens. */
export type Translate = (tokens: Tensor) => Tensor | Promise<Tensor>;

/**
 * Sentences as they come back from another language: the same in other words. Sennrich, Haddow & Birch 2015,
 * arXiv:1511.06709. Where `back` draws words by their probability, in place of taking the likeliest, each time gives
 * others: Edunov et al. 2018, arXiv:1808.09381.
 *
 * tokens [batch, time] of int32 give [times · batch, time'], one batch after the other; labels are those of the
 * sentences, as often.
 *
 * @throws ArgumentError unless `times` is a whole number from 1 on
 * @example
 * const synonym = (tokens: Tensor) => add(mul(tokens, 10), 3); // a word has ten synonyms
 * await backTranslated(tensor([[52, 17]], { dtype: "int32" }), (tokens) => floor(div(tokens, 10)).cast("int32"), synonym) // [[53, 13]]
 */
export async function backTranslated(
  tokens: Tensor,
  there: Translate,
  back: Translate,
  options: { readonly times?: number } = {},
): Promise<Tensor> {
  const { times = 1 } = options;
  if (!Number.isInteger(times) || times < 1)
    throw new ArgumentError(`backTranslated: times is ${times}\n  use a whole number, 1 or more`);
  const translated = await there(tokens);
  const again: Tensor[] = [];
  for (let time = 0; time < times; time++) again.push(await back(translated));
  return concat(again, 0);
}
