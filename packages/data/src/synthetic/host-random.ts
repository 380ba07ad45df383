import { ArgumentError, type RandomKey } from "@ansatz/core";
import { threefry2x32 } from "@ansatz/core/plugin";

/** A sequence of random numbers on the host, from a key. */
export class HostRandom {
  readonly #words: readonly [number, number];
  #count = 0;

  constructor(key: RandomKey) {
    this.#words = key.words() as readonly [number, number];
  }

  /** In [0, 1). */
  uniform(): number {
    return threefry2x32(this.#words[0], this.#words[1], this.#count++, 0)[0] / 2 ** 32;
  }

  /** A whole number in [0, below). */
  integer(below: number): number {
    return Math.floor(this.uniform() * below);
  }

  /** Standard normal. Box & Muller 1958. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }
}

/** @throws ArgumentError unless all are whole numbers, 1 or more */
export function checkCounts(task: string, counts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(counts))
    if (!Number.isInteger(value) || value < 1)
      throw new ArgumentError(`${task}: ${name} is ${value}\n  use a whole number, 1 or more`);
}
