import { median } from "simple-statistics";
import type { Found } from "./finding.ts";

/** What is measured of a parameter at one step. */
export interface LayerGradient {
  readonly name: string;
  /** The number of axes: matrices and kernels have two or more. */
  readonly rank: number;
  readonly size: number;
  /** The Euclidean norms of the gradient and of the weights. */
  readonly gradient: number;
  readonly weight: number;
}

/** The usual norm is the median over this many steps. */
const remembered = 50;
/** How many steps must be seen before a norm counts as unusual, or a small norm as lasting. */
const patience = 10;
/** A gradient explodes if its norm is more than this many times the usual one. */
const explosion = 100;
/** It also explodes if its norm is more than this many times the norm of the weights. */
const overwhelming = 1e4;
/** A gradient vanishes if, per element, it is smaller than that of the largest layer by this factor. */
const vanishing = 1e-5;

/**
 * Checks the gradient of each layer: whether it explodes, or stays vanishingly small beside the others for `patience`
 * steps.
 */
export class GradientCheck {
  readonly #norms = new Map<string, number[]>();
  readonly #small = new Map<string, number>();

  /** @param layers all parameters of a step; their gradients are finite */
  check(layers: readonly LayerGradient[]): Found[] {
    return [...this.#exploding(layers), ...this.#vanishing(layers)];
  }

  #exploding(layers: readonly LayerGradient[]): Found[] {
    return layers.flatMap(({ name, gradient, weight }): Found[] => {
      const norms = this.#norms.get(name) ?? [];
      this.#norms.set(name, [...norms, gradient].slice(-remembered));
      const usual = norms.length >= patience ? median(norms) : undefined;
      const times = usual === undefined || usual === 0 ? 0 : gradient / usual;
      if (times <= explosion && gradient <= overwhelming * Math.max(1, weight)) return [];
      return [
        {
          kind: "exploding gradient",
          where: name,
          message:
            times > explosion
              ? `the norm of its gradient is ${gradient.toPrecision(3)}, ` +
                `${times.toFixed(0)} times its usual ${usual!.toPrecision(3)}`
              : `the norm of its gradient is ${gradient.toPrecision(3)}, that of its weights ${weight.toPrecision(3)}`,
          advice:
            "Clip the gradients to a global norm of 1. If that does not help, lower the learning rate to a third, " +
            "warm it up, and check the initial weights and the layers without normalisation.",
        },
      ];
    });
  }

  #vanishing(layers: readonly LayerGradient[]): Found[] {
    // Only parameters with two or more axes: a bias before a softmax or a normalisation rightly has no gradient.
    const weights = layers
      .filter(({ rank }) => rank >= 2)
      .map(({ name, gradient, size }) => ({ name, size: gradient / Math.sqrt(size) }));
    const largest = weights.reduce((most, { size }) => Math.max(most, size), 0);
    return weights.flatMap(({ name, size }): Found[] => {
      const steps = largest > 0 && size < vanishing * largest ? (this.#small.get(name) ?? 0) + 1 : 0;
      this.#small.set(name, steps);
      if (steps < patience) return [];
      return [
        {
          kind: "vanishing gradient",
          where: name,
          message:
            size === 0
              ? `it has had no gradient at all for ${steps} steps`
              : `for ${steps} steps its gradient has been ` +
                `${(largest / size).toExponential(0)} times smaller than the largest layer's`,
          advice:
            size === 0
              ? "Check whether the loss depends on it at all; units before it may be dead."
              : "Add residual connections or normalisation, use ReLU or GELU instead of sigmoid and tanh, " +
                "and initialise for the depth (He or Glorot).",
        },
      ];
    });
  }
}
