import { oneHot, reshape, slice, transpose, type RandomKey, type Tensor } from "@ansatz/core";
import { addition, CharacterTokenizer, copying, mobyDick, TokenWindows } from "@ansatz/data";
import { crossEntropy, meanSquaredError } from "@ansatz/nn";
import type { Sizes } from "./model.ts";

export interface TaskOptions {
  /** The length of an adding problem or a text, and how long symbols must be kept before they are copied. */
  readonly length: number;
  readonly batch: number;
  readonly testBatches: number;
}

export type Batch = { readonly input: Tensor; readonly target: Tensor };

/** Something to learn from sequences. */
export interface Task {
  readonly sizes: Sizes;
  /** The loss of whoever remembers nothing: a closed form, or counted. */
  readonly baseline: number;
  batch(key: RandomKey): Batch;
  /** Batches that no one learns from. */
  unseen(key: RandomKey): Iterable<Batch>;
  /** What a recurrent layer reads, [time, batch, inputs]. */
  read(input: Tensor): Tensor;
  /** Of outputs [time, batch, outputs]. */
  loss(outputs: Tensor, target: Tensor): Tensor;
}

const all = (count: number) => Int32Array.from({ length: count }, (_, i) => i);

/** Fresh problems for each batch. */
function drawn(draw: (key: RandomKey) => Batch, { testBatches }: TaskOptions): Pick<Task, "batch" | "unseen"> {
  return { batch: draw, unseen: (key) => Array.from({ length: testBatches }, (_, i) => draw(key.fold(i))) };
}

/** Symbols as unit vectors, and the cross-entropy of every step. */
function ofSymbols(symbols: number): Pick<Task, "sizes" | "read" | "loss"> {
  return {
    sizes: { inputs: symbols, outputs: symbols },
    read: (input) => oneHot(transpose(input), symbols),
    loss: (outputs, target) => crossEntropy(outputs, transpose(target)),
  };
}

/** The symbols to copy, and how many of them there are. */
export const copied = { length: 10, symbols: 8 };

/** The tasks, by name. */
export const tasks: Readonly<Record<string, (options: TaskOptions) => Task>> = {
  /** The answer is a sum of two uniform numbers, whose variance is 2 · 1/12: the loss of always answering 1. */
  adding: (options) => ({
    sizes: { inputs: 2, outputs: 1 },
    baseline: 1 / 6,
    ...drawn(
      (key) => addition(key, { count: options.batch, length: options.length }).batch(all(options.batch)),
      options,
    ),
    read: (input) => transpose(input, [1, 0, 2]),
    loss: (outputs, target) =>
      meanSquaredError(reshape(slice(outputs, [[options.length - 1, options.length]]), target.shape), target),
  }),
  /** Blanks are known; of the symbols at the end each is one of eight: 10 ln 8 over all delay + 20 steps. */
  copying: (options) => ({
    baseline: (copied.length * Math.log(copied.symbols)) / (options.length + 2 * copied.length),
    ...ofSymbols(2 + copied.symbols),
    ...drawn(
      (key) => copying(key, { ...copied, count: options.batch, delay: options.length }).batch(all(options.batch)),
      options,
    ),
  }),
  /** Characters of Moby Dick. Whoever remembers nothing knows how often each follows the one before it. */
  text: ({ length, batch, testBatches }) => {
    const tokenizer = new CharacterTokenizer(mobyDick());
    const [training, validation] = TokenWindows.split(tokenizer.encode(mobyDick()), length, 0.9);
    return {
      baseline: pairEntropy(training.tokens, validation.tokens, tokenizer.vocabularySize),
      ...ofSymbols(tokenizer.vocabularySize),
      batch: (key) => training.random(key, 0, batch),
      unseen: () => [...take(validation.inOrder(batch), testBatches)],
    };
  },
};

function* take<T>(values: Iterable<T>, most: number): Generator<T> {
  let count = 0;
  for (const value of values) {
    if (count++ === most) return;
    yield value;
  }
}

/** The loss of knowing only which token follows which how often: counts of one text, plus one, judged on another. */
export function pairEntropy(counted: Int32Array, judged: Int32Array, symbols: number): number {
  const counts = new Float64Array(symbols * symbols).fill(1);
  const sums = new Float64Array(symbols).fill(symbols);
  for (let i = 1; i < counted.length; i++) {
    counts[counted[i - 1]! * symbols + counted[i]!]!++;
    sums[counted[i - 1]!]!++;
  }
  let total = 0;
  for (let i = 1; i < judged.length; i++)
    total -= Math.log(counts[judged[i - 1]! * symbols + judged[i]!]! / sums[judged[i - 1]!]!);
  return total / (judged.length - 1);
}
