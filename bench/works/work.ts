import type { Tensor } from "@ansatz/core";

/** What is recorded at each training step, and what makes its inputs. */
export interface Training {
  readonly step: (input: Tensor, target: Tensor) => Tensor;
  readonly batch: () => readonly [Tensor, Tensor];
}

/** Something that runs whole. */
export interface Routine {
  readonly run: () => Promise<void>;
}

/** A model that is trained step by step, or a routine that is repeated. */
export interface Work {
  readonly steps: number;
  /** Too large to be run unasked. */
  readonly onRequest?: boolean;
  /** The peer's script and its arguments. */
  readonly peer: readonly string[];
  build(): Training | Routine;
}
