import type { Attributes } from "../contract/backend.ts";

/** How many texts are numbered before all are forgotten. */
const limit = 65_536;

const numbers = new Map<string, number>();
let next = 1;

/**
 * The number that stands for a text, so that structures are compared without texts.
 *
 * Equal numbers mean equal texts. A text may get a second number when very many have been numbered since: a program is
 * then compiled once more, and nothing else happens.
 */
export function numberOf(text: string): number {
  let number = numbers.get(text);
  if (number === undefined) {
    if (numbers.size === limit) numbers.clear();
    numbers.set(text, (number = next++));
  }
  return number;
}

/** The attributes of an op that has none. */
export const noAttributes: Attributes = {};

/** The number that stands for attributes; 0 for none. */
export function attributesNumber(attributes: Attributes): number {
  const text = attributes === noAttributes ? "" : textOf(attributes);
  return text === "" ? 0 : numberOf(text);
}

/** Attributes as a text that tells them apart. */
export function textOf(attributes: Attributes): string {
  let text = "";
  for (const name in attributes) {
    const value = attributes[name];
    text += Object.is(value, -0) ? `${name}:-0;` : `${name}:${String(value)};`;
  }
  return text;
}

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
