import { BackendError } from "@ansatz/core";
import { flagAttribute, numberAttribute, numbersAttribute, pairsAttribute, textAttribute } from "@ansatz/core/plugin";
import { expect, test } from "vitest";

const attributes = { axis: 1, axes: [0, 2], padding: [[1, 2]] as const, reverse: false, expression: "x" };
const node = { op: "sum", attributes };

test("attributes are read with their types", () => {
  expect(numberAttribute(node, "axis")).toBe(1);
  expect(numbersAttribute(node, "axes")).toEqual([0, 2]);
  expect(pairsAttribute(node, "padding")).toEqual([[1, 2]]);
  expect(flagAttribute(node, "reverse")).toBe(false);
  expect(textAttribute(node, "expression")).toBe("x");
});

test("an attribute that is missing or of another type is an error that names the op and the attribute", () => {
  expect(() => numberAttribute(node, "axs")).toThrow(BackendError);
  expect(() => numberAttribute(node, "axs")).toThrow('sum: attribute "axs" is missing\n  it must be a number');
  expect(() => numberAttribute(node, "toString")).toThrow('attribute "toString" is missing');
  expect(() => numbersAttribute(node, "padding")).toThrow(
    'attribute "padding" is [[1,2]]\n  it must be a list of numbers',
  );
  expect(() => pairsAttribute(node, "axes")).toThrow(
    'attribute "axes" is [0,2]\n  it must be a list of pairs of numbers',
  );
  expect(() => flagAttribute(node, "axis")).toThrow('attribute "axis" is 1\n  it must be true or false');
  expect(() => textAttribute(node, "axis")).toThrow('attribute "axis" is 1\n  it must be a string');
});
