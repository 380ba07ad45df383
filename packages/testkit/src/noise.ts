/** Pseudorandom numbers that are the same in every run: a counter passed through a 32-bit mixer, seeded by a name. */
export class Noise {
  #state: number;

  constructor(name: string) {
    let hash = 2166136261;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619);
    this.#state = hash >>> 0;
  }

  /** A number between 0 and 1, both excluded. */
  uniform(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (((mixed ^ (mixed >>> 15)) >>> 0) + 0.5) / 2 ** 32;
  }

  /** An integer from 0 to limit - 1. */
  below(limit: number): number {
    return Math.floor(this.uniform() * limit);
  }
}
