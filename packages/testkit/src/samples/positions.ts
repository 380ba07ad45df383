import type { Shape } from "@ansatz/core";

/** Every position of a shape, in row-major order: right values are computed one position at a time, the long way. */
export function positions(shape: Shape): number[][] {
  let all: number[][] = [[]];
  for (const length of shape) all = all.flatMap((start) => Array.from({ length }, (_, index) => [...start, index]));
  return all;
}

/** Where a position lies in row-major memory. */
export function offsetOf(shape: Shape, position: readonly number[]): number {
  return shape.reduce((offset, length, axis) => offset * length + position[axis]!, 0);
}

/** The values of a result, from a function of the position. */
export function fill(shape: Shape, value: (position: readonly number[]) => number): number[] {
  return positions(shape).map(value);
}

/** Reads a list as if it had a shape. */
export function reader(values: readonly number[], shape: Shape): (...position: readonly number[]) => number {
  return (...position) => values[offsetOf(shape, position)]!;
}
