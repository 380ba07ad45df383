import { sizeOf, type Shape } from "./dtype.ts";
import { ArgumentError, ShapeError } from "./errors.ts";

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A shape as people write it: `[2,3]`. */
export function showShape(shape: Shape): string {
  return `[${shape.join(",")}]`;
}

/** The common shape of two by NumPy's rule (right-aligned, 1 stretches), or undefined if they have none. */
export function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  if (sameShape(a, b)) return a;
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const rank = Math.max(a.length, b.length);
  const result = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const x = a[a.length - i] ?? 1;
    const y = b[b.length - i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return undefined;
    result[rank - i] = x === 1 ? y : x;
  }
  return result;
}

/** An axis counted from the front; negative ones count from the back. @throws ShapeError */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normal < 0 || normal >= rank) {
    const range = rank === 0 ? "a scalar has no axes" : `use ${-rank} to ${rank - 1}`;
    throw new ShapeError(`${op}: axis ${axis} does not exist in a tensor of ${rank} axes\n  ${range}`);
  }
  return normal;
}

/** Axes counted from the front, ascending; all of them when none are named. @throws ShapeError */
export function normalizeAxes(
  op: string,
  axes: number | readonly number[] | undefined,
  rank: number,
): readonly number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  if (typeof axes === "number") return [normalizeAxis(op, axes, rank)];
  const normal = axes.map((axis) => normalizeAxis(op, axis, rank));
  if (normal.every((axis, i) => i === 0 || axis > normal[i - 1]!)) return normal;
  normal.sort((a, b) => a - b);
  const twice = normal.find((axis, i) => axis === normal[i - 1]);
  if (twice !== undefined) throw new ShapeError(`${op}: axis ${twice} is named twice in [${axes.join(",")}]`);
  return normal;
}

/** The shape left after a reduction over axes. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  return keepDims
    ? shape.map((length, i) => (axes.includes(i) ? 1 : length))
    : shape.filter((_, i) => !axes.includes(i));
}

/** Checks a shape that a user wrote. @throws ShapeError */
export function checkShape(op: string, shape: Shape): Shape {
  for (const length of shape) {
    if (!Number.isInteger(length) || length < 0) {
      throw new ShapeError(`${op}: [${shape.join(",")}] is not a shape\n  every length is a whole number, 0 or more`);
    }
  }
  return shape;
}

/** Fills in the one length written as -1. @throws ShapeError */
export function inferShape(op: string, size: number, shape: Shape): Shape {
  const hole = shape.indexOf(-1);
  const filled =
    hole < 0
      ? shape
      : shape.map((length, i) => (i === hole ? size / sizeOf(shape.filter((_, j) => j !== hole)) : length));
  if (filled.some((length) => !Number.isInteger(length) || length < 0) || sizeOf(filled) !== size) {
    throw new ShapeError(
      `${op}: ${size} elements do not fill ${showShape(shape)}\n` +
        `  the lengths must multiply to ${size}; one of them may be -1`,
    );
  }
  return filled;
}

/** Checks a whole number in a range. @throws ArgumentError */
export function checkInteger(what: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
    throw new ArgumentError(`${what} is ${value}\n  use a whole number, ${range}`);
  }
  return value;
}
