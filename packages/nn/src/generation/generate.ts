import {
  argmax,
  ArgumentError,
  categorical,
  compile,
  div,
  input,
  RandomStream,
  tensor,
  type Tensor,
} from "@ansatz/core";
import { nucleus, topTokens } from "./truncation.ts";
import type { TransformerLM } from "../attention/transformer-lm.ts";

export interface GenerateOptions {
  /** How many tokens to write. */
  readonly length: number;
  /** Above 1 bolder, below 1 more cautious; 0 always takes the likeliest. 1 unless given. */
  readonly temperature?: number;
  /** Only the k likeliest tokens are considered. Fan, Lewis & Dauphin 2018, arXiv:1805.04833. */
  readonly topK?: number;
  /**
   * Only the likeliest tokens that together have this probability are considered: the nucleus. Holtzman et al. 2019,
   * arXiv:1904.09751.
   */
  readonly topP?: number;
  readonly random?: RandomStream | number;
  /** Called with each token as it is written. */
  readonly onToken?: (token: number) => void;
}

/**
 * Continues a prompt, token by token, with a key-value cache of fixed length: one program, however long the text.
 *
 * When the context is full, the later half of it becomes the new beginning.
 *
 * @throws ArgumentError for an empty prompt, or settings out of range
 * @example const model = new TransformerLM({ vocabularySize: 5, width: 4, layers: 1, heads: 1, context: 8 });
 * (await generate(model, [1, 2], { length: 3, topP: 0.9 })).length // 3
 */
export async function generate(
  model: TransformerLM,
  prompt: readonly number[],
  options: GenerateOptions,
): Promise<number[]> {
  const { length, temperature = 1, onToken } = options;
  const { context, vocabularySize } = model.options;
  if (prompt.length === 0) throw new ArgumentError("generate: the prompt is empty\n  begin with at least one token");
  if (!(temperature >= 0)) throw new ArgumentError(`generate: the temperature is ${temperature}\n  use 0 or more`);
  const considered = options.topK ?? vocabularySize;
  const mass = options.topP ?? 1;
  if (!(mass > 0 && mass <= 1)) throw new ArgumentError(`generate: topP is ${mass}\n  use a number above 0, at most 1`);
  if (!Number.isInteger(considered) || considered < 1 || considered > vocabularySize)
    throw new ArgumentError(`generate: topK is ${considered}\n  use a whole number from 1 to ${vocabularySize}`);
  const random = options.random instanceof RandomStream ? options.random : new RandomStream(options.random ?? 0);
  const wasTraining = model.training;
  model.eval();
  const step = compile((token: Tensor, position: Tensor, cache: ReturnType<TransformerLM["emptyCache"]>) => {
    const [logits, next] = model.step(token, position, cache);
    return { token: choose(logits, { temperature, considered, mass, random }), cache: next };
  });
  const whole = (value: number[], shape: number[]) => tensor(value, { shape, dtype: "int32" });
  const written = [...prompt];
  let window = prompt.slice(-Math.max(1, context - 1));
  let read = 0;
  let cache = model.emptyCache(1);
  while (written.length < prompt.length + length) {
    const result = await step(whole([window[read]!], [1]), whole([read], []), cache);
    cache = result.cache;
    read++;
    if (read < window.length) continue;
    const token = await result.token.item();
    written.push(token);
    onToken?.(token);
    window = [...window, token];
    if (window.length > context) {
      window = window.slice(-Math.ceil(context / 2));
      read = 0;
    }
  }
  if (wasTraining) model.train();
  return written.slice(prompt.length);
}

interface Choice {
  readonly temperature: number;
  readonly considered: number;
  readonly mass: number;
  readonly random: RandomStream;
}

/** The next token: the likeliest, or one drawn by probability. */
function choose(logits: Tensor, { temperature, considered, mass, random }: Choice): Tensor {
  // [batch, vocabulary] -> [batch]
  if (temperature === 0) return argmax(logits);
  const scores = div(
    logits,
    input(() => temperature),
  );
  const likeliest = considered < logits.shape[1]! ? topTokens(scores, considered) : scores;
  return categorical(random.next(), mass < 1 ? nucleus(likeliest, mass) : likeliest);
}
