import type { Tensor } from "@ansatz/core";

/** Which expert computes which rows, and how the results come back to the tokens. */
export interface Dispatch {
  /** A row for each assignment of a token to an expert, in the order of the experts. [rows, width] */
  readonly rows: Tensor;
  /** The rows of each expert. Rows after those of the last expert belong to none. [experts] of int32 */
  readonly sizes: Tensor;
  /** The share of all assignments that each expert was chosen for, before any is dropped. [experts] */
  readonly load: Tensor;
  /** The share of assignments that were dropped; if experts choose, that of tokens that no expert took. [] */
  readonly dropped: Tensor;
  /** Each token's results, weighted and added: [rows, width] -> [tokens, width]. A token without one gets zeros. */
  combine(results: Tensor): Tensor;
}
