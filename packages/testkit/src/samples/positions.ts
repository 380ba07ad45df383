import type { Shape } from "@ansatz/core";

/** Every position of a shape, in row-major order. Expected values are computed one position at a time. */
export function positions(shape: Shape): number[][] {
  let all: number[][] = [[]];
  for (const length of shape) all = all.flatMap((start) => Array.from({ length }, (_, index) => [...start, index]));
  return all;
}

/** The offset of a position in row-major memory. */
export function offsetOf(shape: Shape, position: readonly number[]): number {
  return shape.reduce((offset, length, axis) => offset * length + position[axis]!, 0);
}

/** The values of a result, given as a function of the position. */
export function fill(shape: Shape, value: (position: readonly number[]) => number): number[] {
  return positions(shape).map(value);
}

/** Reads a list as an array of a shape. */
export function reader(values: readonly number[], shape: Shape): (...position: readonly number[]) => number {
  return (...position) => values[offsetOf(shape, position)]!;
}
