import type { Module, Optimizer } from "@ansatz/core";
import type { TransformerLMOptions } from "@ansatz/nn";

/** A way to the target loss. Everything about it is its own, but for the text and the clock. */
export interface Record {
  /** What it has that the record before did not have. */
  readonly idea: string;
  /** Updates, as few as the target allows. */
  readonly steps: number;
  /** Sequences a step. */
  readonly batch: number;
  readonly model: Omit<TransformerLMOptions, "vocabularySize" | "random">;
  readonly optimizer: (model: Module, steps: number) => Optimizer;
}
