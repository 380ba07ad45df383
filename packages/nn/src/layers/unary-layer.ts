import type { Module, Tensor } from "@ansatz/core";

/** A layer from one tensor to another. A Transformer block needs some that keep the shape [batch, time, width]. */
export interface UnaryLayer extends Module {
  forward(x: Tensor): Tensor;
}
