import type { RandomKey, Tensor } from "@ansatz/core";
import { DataLoader, mnist, subset } from "@ansatz/data";

export type Digits = Readonly<Record<"image" | "label", Tensor>>; // [batch, 1, 28, 28] and [batch]

/**
 * MNIST: images to learn from, shuffled by a key; others for validation; and the 10,000 of the test. If validation
 * decides something, it reads a tenth of the examples, which are then not learned from; otherwise it reads 2,000 images
 * that are no examples.
 */
export interface Loaders {
  readonly training: DataLoader<Digits>;
  readonly validation: DataLoader<Digits>;
  readonly test: DataLoader<Digits>;
}

export interface LoaderOptions {
  /** How many to learn from. If not all of them, the seed selects which. */
  readonly examples: number;
  readonly batch: number;
  readonly seed: number;
  /** Whether validation decides something, so that its images must be examples. */
  readonly validationDecides: boolean;
  readonly shuffle: RandomKey;
}

export const most = 58_000;

export function readDigits({ examples, batch, seed, validationDecides, shuffle }: LoaderOptions): Loaders {
  const train = mnist("train");
  const first = (seed * examples) % (most - examples + 1);
  const learned = validationDecides ? Math.floor(0.9 * examples) : examples;
  const [from, count] = validationDecides ? [first + learned, examples - learned] : [most, 60_000 - most];
  return {
    training: new DataLoader(subset(train, first, learned), {
      batchSize: Math.min(batch, learned),
      shuffle,
      dropLast: true,
    }),
    validation: new DataLoader(subset(train, from, count), { batchSize: Math.min(1_000, count) }),
    test: new DataLoader(mnist("test"), { batchSize: 1_000 }),
  };
}
