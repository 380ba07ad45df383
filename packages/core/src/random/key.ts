import { ArgumentError } from "../contract/errors.ts";
import { checkInteger } from "../contract/shape.ts";
import { atEachRun, currentTrace } from "../graph/trace.ts";
import { threefry2x32, type Key } from "./threefry.ts";

/**
 * A source of randomness that is used once: the same key always draws the same bits.
 *
 * Derive new keys with `split` and `fold`; never draw twice from one. Salmon et al. 2011, "Parallel random numbers: as
 * easy as 1, 2, 3" (Threefry-2x32, 20 rounds).
 */
export class RandomKey {
  readonly #words: () => Key;

  constructor(words: () => Key) {
    this.#words = words;
  }

  /** The key's two 32-bit words. */
  words(): Key {
    return this.#words();
  }

  /** Independent keys. */
  split(count = 2): RandomKey[] {
    return Array.from({ length: checkInteger("split: the count", count, 1) }, (_, i) => this.fold(i));
  }

  /** The key numbered `index` of those derived from this one. */
  fold(index: number): RandomKey {
    return new RandomKey(() => derived(this.words(), index));
  }
}

function derived([a, b]: Key, index: number): Key {
  return threefry2x32(a, b, index >>> 0, Math.floor(index / 2 ** 32) >>> 0);
}

/** A key from a seed: a whole number, 0 or more. @throws ArgumentError */
export function key(seed: number): RandomKey {
  checkInteger("key: the seed", seed, 0);
  const words: Key = [Math.floor(seed / 2 ** 32) >>> 0, seed >>> 0];
  return new RandomKey(() => words);
}

/** A stream's state, to save and load. */
export interface RandomState {
  readonly key: Key;
  readonly counter: number;
}

/** A sequence of keys: each `next` is a new one. Layers that draw hold one; its state belongs to a checkpoint. */
export class RandomStream {
  #key: Key;
  #counter = 0;

  constructor(seed: number | RandomKey) {
    this.#key = (typeof seed === "number" ? key(seed) : seed).words();
  }

  /** The next key. Inside a compiled function, another one at each call. */
  next(): RandomKey {
    let index = 0;
    atEachRun(() => {
      index = this.#counter++;
      return undefined; // a failed run does not draw its numbers again
    });
    return new RandomKey(() => derived(this.#key, index));
  }

  /**
   * A stream of its own for a part of the program.
   *
   * @throws ArgumentError inside a compiled function, in which a layer or stream would be made again at each trace
   */
  fork(): RandomStream {
    if (currentTrace() !== undefined)
      throw new ArgumentError(
        "fork: a layer or random stream is made inside a compiled function\n" +
          "  make it before, and use it in the function",
      );
    return new RandomStream(this.next());
  }

  get state(): RandomState {
    return { key: this.#key, counter: this.#counter };
  }

  /** Resumes from a saved state. @throws ArgumentError when it isn't the state of a stream */
  load({ key: words, counter }: RandomState): void {
    if (
      !Array.isArray(words) ||
      words.length !== 2 ||
      ![...words, counter].every((n) => Number.isInteger(n) && n >= 0)
    ) {
      throw new ArgumentError(
        "RandomStream: this is not the state of a random stream\n  it is { key: [word, word], counter }",
      );
    }
    this.#key = words;
    this.#counter = counter;
  }
}
