import { add, Module, mul, ones, parameter, ShapeError, zeros, type Parameter, type Tensor } from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";

/**
 * A scale and a shift for each feature: y = x ⊙ γ + β. Write the equation of your own layer here, and its paper.
 *
 * @throws ShapeError if the last axis of the input does not have its number of features
 */
export class MyLayer extends Module {
  readonly weight: Parameter; // γ  [features]
  readonly bias: Parameter; // β  [features]

  constructor(features: number) {
    super();
    this.weight = parameter(ones([features]));
    this.bias = parameter(zeros([features]));
  }

  forward(x: Tensor): Tensor {
    // [..., features] -> [..., features]
    const [features] = this.weight.shape;
    if (x.shape.at(-1) !== features)
      throw new ShapeError(`MyLayer: the input is ${showShape(x.shape)}, but its last axis must be ${features}`);
    return add(mul(x, this.weight), this.bias);
  }
}
