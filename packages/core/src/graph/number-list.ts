/** Whole numbers written one after another, with a hash of them all: what a structure is compared by. */
export class NumberList {
  #numbers = new Int32Array(1_024);
  #length = 0;

  add(number: number): void {
    if (this.#length === this.#numbers.length) this.#grow();
    this.#numbers[this.#length++] = number;
  }

  /** The numbers so far and their hash; the list is empty again. */
  take(): { readonly structure: Int32Array; readonly hash: number } {
    const structure = this.#numbers.slice(0, this.#length);
    this.#length = 0;
    let hash = structure.length;
    for (let i = 0; i < structure.length; i++) hash = Math.imul(hash ^ structure[i]!, 0x9e3779b1) ^ (hash >>> 15);
    return { structure, hash };
  }

  #grow(): void {
    const longer = new Int32Array(this.#numbers.length * 2);
    longer.set(this.#numbers);
    this.#numbers = longer;
  }
}

/** Whether two lists hold the same numbers. */
export function sameNumbers(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
