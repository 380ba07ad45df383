/** Where a step of an expression takes an operand from. Tensors and scalars are numbered from 0. */
export type Operand =
  | { readonly from: "tensor" | "scalar" | "step"; readonly index: number }
  /** The 32 bits of a float. */
  | { readonly from: "constant"; readonly bits: number };

/** One operation on an element. */
export interface Step {
  readonly op: string;
  readonly operands: readonly Operand[];
}

/**
 * A program for each element of several tensors of one length. Results are written over the tensors that they are the next values of, after all of
 * them were read. Equal expressions are one kernel.
 */
export interface Expression {
  readonly steps: readonly Step[];
  /** How many tensors and scalars it names. */
  readonly tensors: number;
  readonly scalars: number;
  /** The tensor that each result replaces. */
  readonly results: readonly { readonly value: Operand; readonly tensor: number }[];
}

/** What tells expressions apart. */
export function keyOf(expression: Expression): string {
  return JSON.stringify(expression);
}
