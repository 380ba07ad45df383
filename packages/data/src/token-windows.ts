import { ArgumentError, threefry2x32 } from "@ansatz/core";

/** What a language model learns from: at each position the tokens so far, and the one that follows. Row by row, ready for `tensor(data, [batch, length])`. */
export interface TokenBatch {
  /** [batch, length] */
  readonly input: Int32Array;
  /** [batch, length]: the input one token later. */
  readonly target: Int32Array;
}

export interface WindowOptions {
  /** Windows a batch. */
  readonly batch: number;
  /** Tokens a window. */
  readonly length: number;
}

/**
 * Batches of windows at random places of a text, for ever. Batch i depends on the seed and i alone, so that a run that starts again at `position` sees
 * what it would have seen.
 *
 * @throws ArgumentError where the text is shorter than a window and its target.
 *
 * @example new RandomWindows(Int32Array.of(5, 6, 7), { batch: 1, length: 2, seed: 1 }).next().target  // [6, 7]
 */
export class RandomWindows implements Iterable<TokenBatch> {
  /** Batches drawn so far: the next one's number. May be set, to go on where another run stopped. */
  position = 0;
  readonly #tokens: Int32Array;
  readonly #options: WindowOptions & { readonly seed: number };
  readonly #places: number;

  constructor(tokens: Int32Array, options: WindowOptions & { readonly seed: number }) {
    this.#tokens = tokens;
    this.#options = options;
    this.#places = tokens.length - options.length;
    checkOptions("RandomWindows", tokens, options);
    if (!Number.isSafeInteger(options.seed) || options.seed < 0) throw new ArgumentError(`RandomWindows: the seed is ${options.seed}, and must be an integer of 0 or more`);
  }

  next(): TokenBatch {
    const { batch, length, seed } = this.#options;
    const starts = Array.from({ length: batch }, (_, row) => this.#place(seed, this.position * batch + row));
    this.position++;
    return windowsAt(this.#tokens, starts, length);
  }

  *[Symbol.iterator](): Iterator<TokenBatch> {
    for (;;) yield this.next();
  }

  /** The place of the n-th window: 64 random bits, of which the remainder favours no place by more than one in 2⁶⁴ / places. */
  #place(seed: number, n: number): number {
    const [high, low] = threefry2x32(seed >>> 0, Math.floor(seed / 2 ** 32), n >>> 0, Math.floor(n / 2 ** 32));
    return Number(((BigInt(high) << 32n) | BigInt(low)) % BigInt(this.#places));
  }
}

/**
 * A text cut into windows that follow each other, in batches; what is left over at the end and fills no batch is left out. For measuring, where
 * every token should count once.
 *
 * @example [...consecutiveWindows(Int32Array.of(5, 6, 7, 8, 9), { batch: 1, length: 2 })].map(({ input }) => [...input])  // [[5, 6], [7, 8]]
 */
export function* consecutiveWindows(tokens: Int32Array, options: WindowOptions): Generator<TokenBatch> {
  checkOptions("consecutiveWindows", tokens, options);
  const { batch, length } = options;
  for (let start = 0; start + batch * length < tokens.length; start += batch * length) {
    yield windowsAt(tokens, Array.from({ length: batch }, (_, row) => start + row * length), length);
  }
}

function windowsAt(tokens: Int32Array, starts: readonly number[], length: number): TokenBatch {
  const input = new Int32Array(starts.length * length);
  const target = new Int32Array(starts.length * length);
  for (const [row, start] of starts.entries()) {
    input.set(tokens.subarray(start, start + length), row * length);
    target.set(tokens.subarray(start + 1, start + length + 1), row * length);
  }
  return { input, target };
}

function checkOptions(name: string, tokens: Int32Array, { batch, length }: WindowOptions): void {
  for (const [option, value] of Object.entries({ batch, length })) {
    if (!Number.isInteger(value) || value < 1) throw new ArgumentError(`${name}: ${option} is ${value}, and must be an integer of 1 or more`);
  }
  if (tokens.length <= length) throw new ArgumentError(`${name}: ${tokens.length} tokens are too few for windows of ${length} and the token after each`);
}
