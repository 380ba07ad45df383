import type { RandomStream, Tensor } from "@ansatz/core";
import type { Steps } from "@ansatz/lab";
import type { activations } from "./activations.ts";

export interface Options {
  readonly activation: keyof typeof activations;
  /** The bias that hidden units of the perceptron start with. */
  readonly bias: number;
  readonly width: number;
  readonly context: number;
  readonly batch: number;
  readonly steps: number;
  readonly learningRate: number;
  /** Batches of unseen examples. */
  readonly validationBatches: number;
  readonly random: RandomStream;
}

/** Something to learn with an activation. */
export interface Task {
  /** What changes from step to step. */
  readonly parts: Parameters<Steps>[1];
  train(step: number): Promise<Tensor>;
  /** The shares of dead units. */
  dead(): Promise<Readonly<Record<string, Tensor>>>;
  /** Figures of unseen examples. */
  validate(): Promise<Readonly<Record<string, number>>>;
}
