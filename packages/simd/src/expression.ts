/** Where a step of an expression takes an operand from, numbered from 0. */
export type Operand =
  | { readonly from: "tensor" | "step"; readonly index: number }
  /** The 32 bits of a float. */
  | { readonly from: "constant"; readonly bits: number };

/** One operation on an element. */
export interface ExpressionStep {
  readonly op: string;
  readonly operands: readonly Operand[];
}

/** How a kernel goes over a tensor. */
export interface Access {
  /** Truths are bytes, of 0 or 1. */
  readonly dtype: "float32" | "bool";
  /** Whether it has one element for each row, in place of one for each column. */
  readonly spread: boolean;
}

/**
 * A program for each element of several tensors, row by row. The results of an element are written after all tensors
 * were read there, so that a result may replace a tensor that is read. Equal expressions are one kernel.
 */
export interface Expression {
  readonly steps: readonly ExpressionStep[];
  readonly tensors: readonly Access[];
  /** The tensor that each result is written to. */
  readonly results: readonly { readonly value: Operand; readonly tensor: number }[];
}

/** A number as an operand. */
export function constant(value: number): Operand {
  return { from: "constant", bits: new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0 };
}

/** What tells expressions apart. */
export function keyOf(expression: Expression): string {
  return JSON.stringify(expression);
}
