import { add, Module, type Tensor } from "@ansatz/core";
import type { Layer } from "./sequential.ts";

/**
 * A residual connection: x + layer(x). He, Zhang, Ren & Sun 2015, arXiv:1512.03385.
 *
 * `shortcut` is applied to x, for a layer that changes the shape. `drop`, such as `StochasticDepth`, is applied to what
 * the layer adds.
 *
 * @example new Residual((x) => mul(x, 2)).forward(tensor([1]))  // [3]
 */
export class Residual extends Module {
  readonly layer: Layer;
  readonly shortcut: Layer | undefined;
  readonly drop: Layer | undefined;

  constructor(layer: Layer, options: { readonly shortcut?: Layer; readonly drop?: Layer } = {}) {
    super();
    this.layer = layer;
    this.shortcut = options.shortcut;
    this.drop = options.drop;
  }

  forward(x: Tensor): Tensor {
    const added = apply(this.layer, x);
    return add(
      this.shortcut === undefined ? x : apply(this.shortcut, x),
      this.drop === undefined ? added : apply(this.drop, added),
    );
  }
}

function apply(layer: Layer, x: Tensor): Tensor {
  return typeof layer === "function" ? layer(x) : layer.forward(x);
}
