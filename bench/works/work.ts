import type { Tensor } from "@ansatz/core";

/** A model that is trained, step by step. */
export interface Work {
  readonly steps: number;
  /** Too large to be run unasked. */
  readonly onRequest?: boolean;
  /** The peer's script and its arguments. */
  readonly peer: readonly string[];
  /** Builds the model; returns what records a step, and what makes its inputs. */
  build(): { readonly step: (input: Tensor, target: Tensor) => Tensor; readonly batch: () => readonly [Tensor, Tensor] };
}
