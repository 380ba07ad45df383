import type { Shape } from "./dtype.ts";
import { ShapeError } from "./errors.ts";
import { broadcastShapes, showShape } from "./shape.ts";

/** A shape rule written as its documentation: `"... m k, ... k n -> ... m n"`. `...` is any number of axes that broadcast. */
export interface Signature {
  readonly text: string;
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
}

/** Reads a signature; done once, where an op is defined. */
export function parseSignature(text: string): Signature {
  const [left = "", right = ""] = text.split("->");
  const axes = (side: string) => side.trim().split(/\s+/).filter((axis) => axis !== "");
  return { text, inputs: left.split(",").map(axes), output: axes(right) };
}

/**
 * The shape of the result, from the shapes of the inputs.
 * @throws ShapeError that names the axis, both lengths, and every input's shape beside its part of the signature.
 */
export function matchSignature(op: string, signature: Signature, shapes: readonly Shape[], names: readonly string[]): Shape {
  const lengths = new Map<string, { length: number; input: string }>();
  let batch: Shape = [];
  for (const [i, axes] of signature.inputs.entries()) {
    const shape = shapes[i]!;
    const open = axes[0] === "...";
    const named = open ? axes.slice(1) : axes;
    const leading = shape.length - named.length;
    if (leading < 0 || (!open && leading > 0)) {
      const needs = open ? `at least ${named.length}` : `${named.length}`;
      throw mismatch(op, `${names[i]} has ${shape.length} axes but needs ${needs}`, signature, shapes, names);
    }
    if (open) {
      const common = broadcastShapes(batch, shape.slice(0, leading));
      if (!common) throw mismatch(op, `the leading axes of ${names[i]} do not broadcast with the others`, signature, shapes, names);
      batch = common;
    }
    for (const [j, name] of named.entries()) {
      const length = shape[leading + j]!;
      const known = lengths.get(name);
      const input = names[i]!;
      if (known === undefined) lengths.set(name, { length, input });
      else if (known.length !== length) {
        throw mismatch(op, `"${name}" is ${known.length} in ${known.input} but ${length} in ${input}`, signature, shapes, names);
      }
    }
  }
  return signature.output.flatMap((name) => (name === "..." ? batch : [lengths.get(name)!.length]));
}

function mismatch(op: string, what: string, signature: Signature, shapes: readonly Shape[], names: readonly string[]): ShapeError {
  const width = Math.max(...names.map((name) => name.length));
  const shown = shapes.map(showShape);
  const shapeWidth = Math.max(...shown.map((shape) => shape.length));
  const lines = signature.inputs.map(
    (axes, i) => `  ${`${names[i]}:`.padEnd(width + 1)} ${shown[i]!.padEnd(shapeWidth)}  (${axes.join(" ") || "a scalar"})`,
  );
  return new ShapeError([`${op}: ${what}`, ...lines].join("\n"));
}
