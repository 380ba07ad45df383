import { abs, cast, grad, less, max, mean, sum, type Tensor } from "@ansatz/core";

export type Activation = (x: Tensor) => Tensor;

/** Below this slope a unit passes less than a thousandth of its gradient. Leaky ReLU has ten times as much. */
const least = 1e-3;

/** The slopes of an activation, element by element. */
export function slopes(activation: Activation, x: Tensor): Tensor {
  return grad(sum(activation(x)), x);
}

/**
 * The share of units that are dead: for no example is the slope of their activation above a thousandth, so hardly any
 * gradient reaches their weights.
 *
 * x [..., units] is what the activation is applied to; all axes but the last are examples. The result is a scalar.
 */
export function deadShare(activation: Activation, x: Tensor): Tensor {
  const examples = Array.from({ length: x.rank - 1 }, (_, axis) => axis);
  return mean(cast(less(max(abs(slopes(activation, x)), examples), least), "float32"));
}

/** An activation that keeps what it is applied to, in the order of its applications. */
export class Watched {
  readonly activation: Activation;
  #inputs: Tensor[] = [];

  constructor(activation: Activation) {
    this.activation = activation;
  }

  readonly apply = (x: Tensor): Tensor => {
    this.#inputs.push(x);
    return this.activation(x);
  };

  /** The mean share of dead units over the layers that `forward` applies the activation in. */
  deadIn(forward: () => unknown): Tensor {
    this.#inputs = [];
    forward();
    const shares = this.#inputs.map((x) => deadShare(this.activation, x));
    this.#inputs = [];
    return shares.reduce((total, share) => total.add(share)).div(shares.length);
  }
}
