import { argmax, cast, equal, mean, type RandomStream } from "@ansatz/core";
import { latching, type Latch } from "./model.ts";

/** The share of new sequences that are classified correctly at the end. */
export function accuracy(
  model: Latch,
  random: RandomStream,
  { delay, sequences }: { readonly delay: number; readonly sequences: number },
): Promise<number> {
  const { x, target } = latching(random, delay, sequences);
  return mean(cast(equal(argmax(model.forward(x)), target), "float32")).item();
}
