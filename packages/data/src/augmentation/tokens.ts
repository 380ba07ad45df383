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

/** Tokens with some hidden, and what was there. */
export interface MaskedTokens {
  readonly input: Tensor; // [batch, time] of int32
  /** The tokens that are to be found, and −100 everywhere else: `crossEntropy(…, { ignoredIndex: -100 })`. */
  readonly target: Tensor; // [batch, time] of int32
}

const ignored = -100;

export interface MaskingOptions {
  readonly maskToken: number;
  readonly vocabularySize: number;
  /** The part of the tokens that is to be found; 0.15 unless given. */
  readonly probability?: number;
  /** True where a token may be chosen, such as where it is no padding. */
  readonly eligible?: Tensor;
}

/**
 * What is chosen becomes a target, and is hidden: by the mask in 80 %, by another token in 10 %, not at all in 10 % of
 * cases.
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
 * BERT's masking: 15 % of the tokens are to be found; of these 80 % are replaced by the mask, 10 % by a random token,
 * 10 % stay. Devlin et al. 2018, arXiv:1810.04805.
 *
 * @throws ArgumentError for a probability outside 0 to 1
 * @example maskTokens(zeros([2, 8], { dtype: "int32" }), key(0), { maskToken: 9, vocabularySize: 10 }).target.shape  // [2, 8]
 */
export function maskTokens(tokens: Tensor, key: RandomKey, options: MaskingOptions): MaskedTokens {
  const drawn = greater(bernoulli(key.fold(0), options.probability ?? 0.15, tokens.shape), 0);
  const chosen = options.eligible === undefined ? drawn : and(drawn, options.eligible);
  return hidden(tokens, chosen, uniform(key.fold(1), tokens.shape), key.fold(2), options);
}

/**
 * Masking of spans: `length` tokens in a row are to be found, and spans may touch; each token is with the given
 * probability. After Joshi et al. 2019, arXiv:1907.10529, with spans of one length, each hidden token by token as
 * `maskTokens` does.
 *
 * @throws ArgumentError for a length below 1, or a probability outside 0 to 1
 * @example maskSpans(zeros([2, 8], { dtype: "int32" }), key(0), { maskToken: 9, vocabularySize: 10, length: 3 }).target.shape  // [2, 8]
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
  // A token is left alone when none of `length` places before and at it begins a span; the first tokens' spans begin in
  // front of the text.
  const begins = greater(bernoulli(key.fold(0), 1 - (1 - probability) ** (1 / length), [batch, time + length - 1]), 0);
  const drawn = Array.from({ length }, (_, i) => slice(begins, [null, [i, i + time]])).reduce((a, b) => or(a, b));
  const chosen = options.eligible === undefined ? drawn : and(drawn, options.eligible);
  return hidden(tokens, chosen, uniform(key.fold(1), tokens.shape), key.fold(2), options);
}

/**
 * Word dropout: each token becomes the unknown one with a probability. Iyyer et al. 2015; Bowman et al. 2015,
 * arXiv:1511.06349.
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
