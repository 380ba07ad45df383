import { Module, type StateDict, type Tensor } from "@ansatz/core";
import { renamed } from "../pytorch-state.ts";

/** A layer, or a function, from one tensor to another. */
export type Layer = (Module & { forward(x: Tensor): Tensor }) | ((x: Tensor) => Tensor);

const layout = renamed(["layers.", ""]);

/**
 * Applies layers one after the other.
 *
 * @example new Sequential(new Linear(3, 4), relu, new Linear(4, 2)).forward(zeros([1, 3])).shape  // [1, 2]
 */
export class Sequential extends Module {
  readonly layers: readonly Layer[];

  constructor(...layers: readonly Layer[]) {
    super();
    this.layers = layers;
  }

  forward(x: Tensor): Tensor {
    return this.layers.reduce((y, layer) => (typeof layer === "function" ? layer(y) : layer.forward(y)), x);
  }

  /** In PyTorch the name of a layer is just its place. */
  toPyTorch(state: StateDict): StateDict {
    return layout.toPyTorch(state);
  }

  fromPyTorch(state: StateDict): StateDict {
    return layout.fromPyTorch(state);
  }
}
