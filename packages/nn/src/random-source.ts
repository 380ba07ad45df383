import { RandomStream } from "@ansatz/core";
import { defaultStream } from "@ansatz/core/plugin";

/** A stream that a whole model can share, or a seed. Without one, a layer forks the process-wide stream of `seed`. */
export type RandomSource = RandomStream | number;

/**
 * The stream that a layer draws from, of the source among its options.
 *
 * @example streamOf(1).next() instanceof RandomKey  // true
 */
export function streamOf(random: RandomSource | undefined): RandomStream {
  if (random === undefined) return defaultStream().fork();
  return random instanceof RandomStream ? random : new RandomStream(random);
}
