import {
  argmax,
  ArgumentError,
  buffer,
  categorical,
  compile,
  div,
  input,
  tensor,
  type RandomStream,
  type Tensor,
} from "@ansatz/core";
import { isCell, leavesOf, mapTree, type Tree } from "@ansatz/core/plugin";
import { streamOf, type RandomSource } from "../random-source.ts";
import { decoderOf } from "./decoder.ts";
import { inEvaluation } from "./in-evaluation.ts";
import type { LanguageModel } from "./language-model.ts";
import { nucleus, topTokens } from "./truncation.ts";

export interface GenerateOptions {
  /** How many tokens to write. */
  readonly length: number;
  /** Above 1 flattens the probabilities, below 1 sharpens them, and 0 takes the likeliest token. Default: 1. */
  readonly temperature?: number;
  /** Only the k likeliest tokens are considered. Fan, Lewis & Dauphin 2018, arXiv:1805.04833. */
  readonly topK?: number;
  /**
   * Only the nucleus is considered: the likeliest tokens that together have this probability. Holtzman et al. 2019,
   * arXiv:1904.09751.
   */
  readonly topP?: number;
  readonly random?: RandomSource;
  /** Called with each token as it is written. */
  readonly onToken?: (token: number) => void;
}

/**
 * Continues a prompt, token by token, with any language model. The model is compiled once, for texts of every length.
 *
 * When the context is full, its second half becomes the new beginning.
 *
 * @throws ArgumentError for an empty prompt, or settings out of range
 * @example const model = new TransformerLM({ vocabularySize: 5, width: 4, layers: 1, heads: 1, context: 8 });
 * (await generate(model, [1, 2], { length: 3, topP: 0.9 })).length // 3
 */
export async function generate(
  model: LanguageModel,
  prompt: readonly number[],
  options: GenerateOptions,
): Promise<number[]> {
  const { length, temperature = 1, onToken } = options;
  const { context = Infinity, vocabularySize } = model;
  if (prompt.length === 0) throw new ArgumentError("generate: the prompt is empty\n  begin with at least one token");
  if (!Number.isInteger(length) || length < 0)
    throw new ArgumentError(`generate: length is ${String(length)}\n  use a whole number, 0 or more`);
  if (!(temperature >= 0)) throw new ArgumentError(`generate: the temperature is ${temperature}\n  use 0 or more`);
  const considered = options.topK ?? vocabularySize;
  const mass = options.topP ?? 1;
  if (!(mass > 0 && mass <= 1)) throw new ArgumentError(`generate: topP is ${mass}\n  use a number above 0, at most 1`);
  if (!Number.isInteger(considered) || considered < 1 || considered > vocabularySize)
    throw new ArgumentError(`generate: topK is ${considered}\n  use a whole number from 1 to ${vocabularySize}`);
  const random = streamOf(options.random);
  return inEvaluation(model, async () => {
    const decoder = decoderOf(model, 1, prompt.length + length);
    let window = prompt.slice(-Math.max(1, context - 1));
    let { cache, read } = decoder.begin(window);
    const cells = leavesOf(cache).map((start) => buffer(isCell(start) ? start.read() : start)); // updated in place
    const step = compile((token: Tensor, position: Tensor) => {
      const held = cells.map((cell) => cell.read());
      const [scores, next] = decoder.step(token, position, mapTree(cache, () => held.shift()!) as Tree);
      for (const [i, value] of leavesOf(next).entries()) cells[i]!.assign(value as Tensor);
      return choose(scores, { temperature, considered, mass, random });
    });
    const whole = (value: number[], shape: number[]) => tensor(value, { shape, dtype: "int32" });
    const written: number[] = [];
    while (written.length < length) {
      const chosen = await step(whole([window[read]!], [1]), whole([read], []));
      read++;
      if (read < window.length) continue;
      const token = await chosen.item();
      written.push(token);
      onToken?.(token);
      window = [...window, token];
      if (window.length > context) {
        window = window.slice(-Math.ceil(context / 2));
        ({ cache, read } = decoder.begin(window));
        for (const [i, start] of leavesOf(cache).entries()) cells[i]!.load(await start.data());
      }
    }
    for (const cell of cells) cell.dispose();
    return written;
  });
}

interface Choice {
  readonly temperature: number;
  readonly considered: number;
  readonly mass: number;
  readonly random: RandomStream;
}

/** The next token: the likeliest, or one drawn by its probability. */
function choose(scores: Tensor, { temperature, considered, mass, random }: Choice): Tensor {
  // [batch, vocabulary] -> [batch]
  if (temperature === 0) return argmax(scores);
  const scaled = div(
    scores,
    input(() => temperature),
  );
  const likeliest = considered < scores.shape[1]! ? topTokens(scaled, considered) : scaled;
  return categorical(random.next(), mass < 1 ? nucleus(likeliest, mass) : likeliest);
}
