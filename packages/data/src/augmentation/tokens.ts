import {
  and,
  ArgumentError,
  bernoulli,
  full,
  greater,
  less,
  or,
  randomIntegers,
  slice,
  uniform,
  where,
  type RandomKey,
  type Tensor,
} from "@ansatz/core";

/** Tokens of which some are hidden, and the hidden tokens. */
export interface MaskedTokens {
  readonly input: Tensor; // [batch, time] of int32
  /** The tokens to predict, and −100 everywhere else: `crossEntropy(…, { ignoredIndex: -100 })`. */
  readonly target: Tensor; // [batch, time] of int32
}

const ignored = -100;

export interface MaskingOptions {
  readonly maskToken: number;
  readonly vocabularySize: number;
  /** The share of tokens to predict. Default: 0.15. */
  readonly probability?: number;
  /** True where a token may be chosen, e.g. where it isn't padding. */
  readonly eligible?: Tensor;
}

/**
 * A chosen token becomes a target. It is replaced by the mask in 80 % of cases, by a random token in 10 %, and kept in
 * 10 %.
 */
function hidden(
  tokens: Tensor,
  chosen: Tensor,
  way: Tensor,
  key: RandomKey,
  { maskToken, vocabularySize }: MaskingOptions,
): MaskedTokens {
  const other = randomIntegers(key, tokens.shape, { high: vocabularySize });
  const replaced = where(
    less(way, 0.8),
    full(tokens.shape, maskToken, { dtype: "int32" }),
    where(less(way, 0.9), other, tokens),
  );
  return { input: where(chosen, replaced, tokens), target: where(chosen, tokens, ignored) };
}

/**
 * BERT's masking: 15 % of the tokens are to be predicted. Of these, 80 % are replaced by the mask, 10 % by a random
 * token, and 10 % stay. Devlin et al. 2018, arXiv:1810.04805.
 *
 * @throws ArgumentError for a probability outside 0 to 1
 * @example const tokens = zeros([2, 8], { dtype: "int32" });
 * maskTokens(tokens, key(0), { maskToken: 9, vocabularySize: 10 }).target.shape // [2, 8]
 */
export function maskTokens(tokens: Tensor, key: RandomKey, options: MaskingOptions): MaskedTokens {
  const drawn = greater(bernoulli(key.fold(0), options.probability ?? 0.15, tokens.shape), 0);
  const chosen = options.eligible === undefined ? drawn : and(drawn, options.eligible);
  return hidden(tokens, chosen, uniform(key.fold(1), tokens.shape), key.fold(2), options);
}

/**
 * Masking of spans: `length` consecutive tokens are to be predicted, and spans may touch. Each token is chosen with the
 * given probability. After Joshi et al. 2019, arXiv:1907.10529, but with spans of one length, which are hidden token by
 * token as in `maskTokens`.
 *
 * @throws ArgumentError for a length below 1, or a probability outside 0 to 1
 * @example const tokens = zeros([2, 8], { dtype: "int32" });
 * maskSpans(tokens, key(0), { maskToken: 9, vocabularySize: 10, length: 3 }).target.shape // [2, 8]
 */
export function maskSpans(
  tokens: Tensor,
  key: RandomKey,
  options: MaskingOptions & { readonly length: number },
): MaskedTokens {
  const { length, probability = 0.15 } = options;
  if (!Number.isInteger(length) || length < 1)
    throw new ArgumentError(`maskSpans: the length is ${length}\n  use a whole number, 1 or more`);
  if (!(probability >= 0 && probability <= 1))
    throw new ArgumentError(`maskSpans: the probability is ${probability}\n  use a number from 0 to 1`);
  const [batch, time] = tokens.shape as [number, number];
  // A token is kept if no span begins at it or at the `length` − 1 places before it. Spans of the first tokens may
  // begin before the text.
  const begins = greater(bernoulli(key.fold(0), 1 - (1 - probability) ** (1 / length), [batch, time + length - 1]), 0);
  const drawn = Array.from({ length }, (_, i) => slice(begins, [null, [i, i + time]])).reduce((a, b) => or(a, b));
  const chosen = options.eligible === undefined ? drawn : and(drawn, options.eligible);
  return hidden(tokens, chosen, uniform(key.fold(1), tokens.shape), key.fold(2), options);
}

/**
 * Word dropout: replaces each token by the unknown token with a probability. Bowman et al. 2015,
 * arXiv:1511.06349, Section 3.1. Iyyer et al. 2015 leave the words out instead.
 *
 * @throws ArgumentError for a probability outside 0 to 1
 * @example dropWords(tensor([[3, 4]], { dtype: "int32" }), key(0), { unknownToken: 0, probability: 1 })  // [[0, 0]]
 */
export function dropWords(
  tokens: Tensor,
  key: RandomKey,
  options: { readonly unknownToken: number; readonly probability: number },
): Tensor {
  return where(greater(bernoulli(key, options.probability, tokens.shape), 0), options.unknownToken, tokens);
}
