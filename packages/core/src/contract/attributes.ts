import type { AttributeValue, GraphNode } from "./backend.ts";
import { BackendError } from "./errors.ts";

/** The part of a node that its attributes are read from. */
type Attributed = Pick<GraphNode, "op" | "attributes">;

/**
 * A node's attribute that is a number.
 *
 * @throws BackendError if it is missing or isn't a number
 */
export function numberAttribute(node: Attributed, name: string): number {
  return read(node, name, "a number", isNumber);
}

/**
 * A node's attribute that is a list of numbers.
 *
 * @throws BackendError if it is missing or isn't a list of numbers
 */
export function numbersAttribute(node: Attributed, name: string): readonly number[] {
  return read(node, name, "a list of numbers", isNumbers);
}

/**
 * A node's attribute that is a list of pairs of numbers, e.g. the padding before and after each axis.
 *
 * @throws BackendError if it is missing or isn't a list of pairs
 */
export function pairsAttribute(node: Attributed, name: string): readonly (readonly [number, number])[] {
  return read(node, name, "a list of pairs of numbers", isPairs);
}

/**
 * A node's attribute that is true or false.
 *
 * @throws BackendError if it is missing or isn't a boolean
 */
export function flagAttribute(node: Attributed, name: string): boolean {
  return read(node, name, "true or false", isFlag);
}

/**
 * A node's attribute that is a string.
 *
 * @throws BackendError if it is missing or isn't a string
 */
export function textAttribute(node: Attributed, name: string): string {
  return read(node, name, "a string", isText);
}

function read<Value extends AttributeValue>(
  { op, attributes }: Attributed,
  name: string,
  expected: string,
  fits: (value: unknown) => value is Value,
): Value {
  const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  if (fits(value)) return value;
  throw new BackendError(
    `${op}: attribute "${name}" ${value === undefined ? "is missing" : `is ${JSON.stringify(value)}`}\n` +
      `  it must be ${expected}; check the code that records this op`,
  );
}

const isNumber = (value: unknown): value is number => typeof value === "number";
const isFlag = (value: unknown): value is boolean => typeof value === "boolean";
const isText = (value: unknown): value is string => typeof value === "string";
const isNumbers = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every(isNumber);
const isPair = (value: unknown): value is readonly [number, number] => isNumbers(value) && value.length === 2;
const isPairs = (value: unknown): value is readonly (readonly [number, number])[] =>
  Array.isArray(value) && value.every(isPair);
