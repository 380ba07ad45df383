import { ArgumentError, RandomKey, tensor, type Tensor } from "@ansatz/core";
import { sizeOf, threefry2x32 } from "@ansatz/core/plugin";

/** Tokens, and for each token the one that follows it. */
export interface TokenBatch {
  readonly input: Tensor; // [batch, context] of int32
  readonly target: Tensor; // [batch, context] of int32
}

/**
 * Windows of a long sequence of tokens, for language models.
 *
 * A batch depends on its number and the key alone, so a resumed run sees the batches of an uninterrupted one.
 *
 * @throws ArgumentError if the sequence is shorter than a window
 */
export class TokenWindows {
  readonly tokens: Int32Array;
  readonly context: number;

  constructor(tokens: Int32Array, context: number) {
    if (tokens.length < context + 1)
      throw new ArgumentError(
        `TokenWindows: ${tokens.length} tokens do not fill a window of ${context} and the token after it\n` +
          "  use a longer text or a shorter context",
      );
    this.tokens = tokens;
    this.context = context;
  }

  /**
   * Windows of the first share of a sequence, for training, and of the rest, for validation.
   * @throws ArgumentError as the constructor
   */
  static split(tokens: Int32Array, context: number, share: number): readonly [TokenWindows, TokenWindows] {
    const first = Math.floor(share * tokens.length);
    return [new TokenWindows(tokens.subarray(0, first), context), new TokenWindows(tokens.subarray(first), context)];
  }

  /** Batch number `step`: windows from random places. */
  random(key: RandomKey, step: number, batch: number): TokenBatch {
    const [a, b] = key.words();
    const places = this.tokens.length - this.context;
    return this.#at(
      Array.from({ length: batch }, (_, i) => Math.floor((threefry2x32(a, b, step, i)[0] / 2 ** 32) * places)),
    );
  }

  /** The number of windows without overlap. */
  get count(): number {
    return Math.floor((this.tokens.length - 1) / this.context);
  }

  /** Windows in order and without overlap, `batch` at a time. A last batch that is not full is left out. */
  *inOrder(batch: number): Generator<TokenBatch> {
    for (let first = 0; first + batch <= this.count; first += batch) {
      yield this.#at(Array.from({ length: batch }, (_, i) => (first + i) * this.context));
    }
  }

  #at(starts: readonly number[]): TokenBatch {
    const shape = [starts.length, this.context];
    const input = new Int32Array(sizeOf(shape));
    const target = new Int32Array(sizeOf(shape));
    for (const [i, start] of starts.entries()) {
      input.set(this.tokens.subarray(start, start + this.context), i * this.context);
      target.set(this.tokens.subarray(start + 1, start + 1 + this.context), i * this.context);
    }
    return { input: tensor(input, { shape }), target: tensor(target, { shape }) };
  }
}
