import { key, RandomStream } from "./key.ts";

const stream = new RandomStream(0);

/** The process-wide stream: layers that are made without a stream fork it, so that no two of them draw alike. */
export function defaultStream(): RandomStream {
  return stream;
}

/**
 * Sets the process-wide random stream, which starts at seed 0. The same seed before the same model gives the same bits.
 *
 * @throws ArgumentError when the seed isn't a whole number, 0 or more
 * @example seed(1)  // undefined
 */
export function seed(seed: number): void {
  stream.load({ key: key(seed).words(), counter: 0 });
}
