import type { Shape } from "./dtype.ts";
import { ShapeError } from "./errors.ts";
import { broadcastShapes, showShape } from "./shape.ts";

/**
 * A shape rule written as its documentation: `"... m k, ... k n -> ... m n"`. `...` is any number of axes that
 * broadcast.
 */
export interface Signature {
  readonly text: string;
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
}

/** Reads a signature: once, when an op is defined. */
export function parseSignature(text: string): Signature {
  const [left = "", right = ""] = text.split("->");
  const axes = (side: string) =>
    side
      .trim()
      .split(/\s+/)
      .filter((axis) => axis !== "");
  return { text, inputs: left.split(",").map(axes), output: axes(right) };
}

/**
 * The shape of the result, from the shapes of the inputs.
 * @throws ShapeError that names the axis, both lengths, and every input's shape beside its part of the signature.
 */
export function matchSignature(
  op: string,
  signature: Signature,
  shapes: readonly Shape[],
  names: readonly string[],
): Shape {
  const { inputs, output } = signature;
  if (
    inputs.length === 1 &&
    inputs[0]!.length === 1 &&
    inputs[0]![0] === "..." &&
    output.length === 1 &&
    output[0] === "..."
  )
    return shapes[0]!;
  const known: string[] = [];
  const lengths: number[] = [];
  const from: number[] = [];
  let batch: Shape = [];
  for (let i = 0; i < inputs.length; i++) {
    const axes = inputs[i]!;
    const shape = shapes[i]!;
    const open = axes[0] === "..." ? 1 : 0;
    const leading = shape.length - (axes.length - open);
    if (leading < 0 || (open === 0 && leading > 0)) {
      const needs = open === 1 ? `at least ${axes.length - 1}` : `${axes.length}`;
      throw mismatch(op, `${names[i]} has ${shape.length} axes but needs ${needs}`, signature, shapes, names);
    }
    if (open === 1) {
      const common = broadcastShapes(batch, leading === 0 ? [] : shape.slice(0, leading));
      if (!common)
        throw mismatch(
          op,
          `the leading axes of ${names[i]} do not broadcast with the others`,
          signature,
          shapes,
          names,
        );
      batch = common;
    }
    for (let j = open; j < axes.length; j++) {
      const length = shape[leading + j - open]!;
      const place = known.indexOf(axes[j]!);
      if (place < 0) {
        known.push(axes[j]!);
        lengths.push(length);
        from.push(i);
      } else if (lengths[place] !== length) {
        throw mismatch(
          op,
          `"${axes[j]}" is ${lengths[place]} in ${names[from[place]!]} but ${length} in ${names[i]}`,
          signature,
          shapes,
          names,
        );
      }
    }
  }
  const shape: number[] = [];
  for (const name of output) {
    if (name === "...") shape.push(...batch);
    else shape.push(lengths[known.indexOf(name)]!);
  }
  return shape;
}

function mismatch(
  op: string,
  what: string,
  signature: Signature,
  shapes: readonly Shape[],
  names: readonly string[],
): ShapeError {
  const width = Math.max(...names.map((name) => name.length));
  const shown = shapes.map(showShape);
  const shapeWidth = Math.max(...shown.map((shape) => shape.length));
  const lines = signature.inputs.map(
    (axes, i) =>
      `  ${`${names[i]}:`.padEnd(width + 1)} ${shown[i]!.padEnd(shapeWidth)}  (${axes.join(" ") || "a scalar"})`,
  );
  return new ShapeError([`${op}: ${what}`, ...lines].join("\n"));
}
