import type { RandomKey, Tensor } from "@ansatz/core";
import { DataLoader, mnist, subset } from "@ansatz/data";

export type Digits = Readonly<Record<"image" | "label", Tensor>>; // [batch, 1, 28, 28] and [batch]

/**
 * MNIST: images to learn from, shuffled by a key; 2,000 others of the 60,000 for validation; and the 10,000 of the
 * test.
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
  readonly shuffle: RandomKey;
}

export const most = 58_000;

export function readDigits({ examples, batch, seed, shuffle }: LoaderOptions): Loaders {
  const train = mnist("train");
  const first = (seed * examples) % (most - examples + 1);
  return {
    training: new DataLoader(subset(train, first, examples), {
      batchSize: Math.min(batch, examples),
      shuffle,
      dropLast: true,
    }),
    validation: new DataLoader(subset(train, most, 60_000 - most), { batchSize: 1_000 }),
    test: new DataLoader(mnist("test"), { batchSize: 1_000 }),
  };
}
