/** An operand of a step: a tensor or the result of an earlier step, both numbered from 0, or a constant. */
export type Operand =
  | { readonly from: "tensor" | "step"; readonly index: number }
  /** The 32 bits of a float. */
  | { readonly from: "constant"; readonly bits: number };

/** One operation on an element. */
export interface ExpressionStep {
  readonly op: string;
  readonly operands: readonly Operand[];
}

/** How a kernel reads or writes a tensor. */
export interface Access {
  /** Bools are bytes, 0 or 1. */
  readonly dtype: "float32" | "bool";
  /** Whether it has one element for each row, instead of one for each column. */
  readonly spread: boolean;
}

/**
 * What a kernel computes for each element of several tensors. It reads all tensors at an element before it writes the
 * results there, so a result may overwrite a tensor that is read. Equal expressions share one kernel.
 */
export interface Expression {
  readonly steps: readonly ExpressionStep[];
  readonly tensors: readonly Access[];
  /** The tensor that each result is written to. */
  readonly results: readonly { readonly value: Operand; readonly tensor: number }[];
}

/** A constant number as an operand. */
export function constantOperand(value: number): Operand {
  return { from: "constant", bits: new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0 };
}

/** A key that is equal for equal expressions only. */
export function keyOf(expression: Expression): string {
  return JSON.stringify(expression);
}
