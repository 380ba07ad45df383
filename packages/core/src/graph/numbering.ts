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
