import { ArgumentError, concat, type Tensor } from "@ansatz/core";

/** Translates sentences: tokens [batch, time] of int32 to tokens of another language. */
export type Translate = (tokens: Tensor) => Tensor | Promise<Tensor>;

/**
 * Sentences after translation to another language and back, which are paraphrases, to augment the training data of a
 * classifier. Yu et al. 2018, arXiv:1804.09541 (QANet, Section 3); Xie et al. 2019, arXiv:1904.12848 (UDA). If `back`
 * samples words instead of taking the likeliest ones, each call gives different sentences.
 *
 * Sennrich, Haddow & Birch 2015, arXiv:1511.06709, who named back-translation, do something else: they translate text
 * of the target language into synthetic sources, to train translation.
 *
 * tokens [batch, time] of int32 give [times · batch, time'], one batch after the other; repeat the labels in the same
 * way.
 *
 * @throws ArgumentError unless `times` is a whole number, 1 or more
 * @example
 * const synonym = (tokens: Tensor) => add(mul(tokens, 10), 3); // a word has ten synonyms
 * const translate = (tokens: Tensor) => floor(div(tokens, 10)).cast("int32");
 * await backTranslated(tensor([[52, 17]], { dtype: "int32" }), translate, synonym) // [[53, 13]]
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
