import { RandomStream } from "@ansatz/core";

/** Where a layer's initial values and draws come from: a stream shared by the whole model, or a seed. */
export type RandomSource = RandomStream | number;

/** A stream; seed 0 unless given. */
export function streamOf(random: RandomSource | undefined): RandomStream {
  return random instanceof RandomStream ? random : new RandomStream(random ?? 0);
}
