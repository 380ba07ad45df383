import type { Module, RandomStream, Tensor } from "@ansatz/core";
import type { Initializer } from "../initializers/basic.ts";

/** A layer that tells positions apart: what `TransformerLM` accepts as its `positions`. */
export interface PositionLayer extends Module {
  /** [batch, time, width] -> the same. `position` is the first position, a 0-d int32. Default: 0. */
  forward(x: Tensor, position?: Tensor): Tensor;
}

export interface PositionOptions {
  /** The longest sequence, in tokens. */
  readonly context: number;
  readonly initializer: Initializer;
  readonly random: RandomStream;
}

/** Makes the layer that adds positions to embeddings. */
export type PositionFactory = (width: number, options: PositionOptions) => PositionLayer;
