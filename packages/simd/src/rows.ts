import type { Shape } from "@ansatz/core";

/** A shape as rows and columns: the axes before the split are the rows. */
export interface SplitRows {
  readonly rows: number;
  readonly columns: number;
}

export function rowsOf(shape: Shape, split: number): SplitRows {
  return { rows: product(shape.slice(0, split)), columns: product(shape.slice(split)) };
}

/**
 * The splits, as bits, that suit an operand that is broadcast to a shape: on each side of the split, the operand either
 * has all elements or a single one.
 */
export function splitsOf(operand: Shape, shape: Shape): number {
  const padded = withLeadingOnes(operand, shape);
  let splits = 0;
  for (let split = 0; split <= shape.length; split++) {
    const sides = [0, split, shape.length]
      .map((axis, i, axes) => [padded.slice(axes[i - 1], axis), shape.slice(axes[i - 1], axis)] as const)
      .slice(1);
    if (sides.every(([own, whole]) => isOne(own) || own.every((length, axis) => length === whole[axis])))
      splits |= 1 << split;
  }
  return splits;
}

/**
 * How an operand is read at a split that suits it: whether it has one element for each row, and the number of elements
 * from one row to the next.
 */
export function accessOf(
  operand: Shape,
  shape: Shape,
  split: number,
): { readonly spread: boolean; readonly stride: number } {
  const padded = withLeadingOnes(operand, shape);
  const [before, after] = [padded.slice(0, split), padded.slice(split)];
  const spread = isOne(after) && !isOne(shape.slice(split));
  return { spread, stride: isOne(before) ? 0 : spread ? 1 : product(after) };
}

const withLeadingOnes = (operand: Shape, shape: Shape): Shape => [
  ...shape.slice(operand.length).map(() => 1),
  ...operand,
];
const isOne = (lengths: Shape): boolean => lengths.every((length) => length === 1);
const product = (lengths: Shape): number => lengths.reduce((size, length) => size * length, 1);
