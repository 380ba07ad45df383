import { median } from "simple-statistics";
import type { Found } from "./finding.ts";

/** A parameter at a step. */
export interface LayerGradient {
  readonly name: string;
  /** The number of axes: matrices and kernels have two or more. */
  readonly rank: number;
  readonly size: number;
  /** Euclidean norms. */
  readonly gradient: number;
  readonly weight: number;
}

/** How many steps a usual norm is taken over. */
const remembered = 50;
/** How many steps are seen before a norm is called unusual, or a small one lasting. */
const patience = 10;
/** A norm so many times its usual one explodes. */
const explosion = 100;
/** So does one so many times the weights' own. */
const overwhelming = 1e4;
/** A weight whose gradient is, per element, so much smaller than the largest layer's learns nothing. */
const vanishing = 1e-5;

/**
 * Watches the gradients of each layer: whether one explodes, or vanishes beside the others for as long as `patience`
 * says.
 */
export class GradientCheck {
  readonly #norms = new Map<string, number[]>();
  readonly #small = new Map<string, number>();

  /** @param layers all parameters of a step, with finite gradients */
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
              ? `the norm of its gradient is ${gradient.toPrecision(3)}, ${times.toFixed(0)} times its usual ${usual!.toPrecision(3)}`
              : `the norm of its gradient is ${gradient.toPrecision(3)}, that of its weights ${weight.toPrecision(3)}`,
          advice:
            "Clip the gradients to a global norm of 1; if it stays, lower the learning rate to a third and warm it up, and look at the initial weights and at what is not normalised.",
        },
      ];
    });
  }

  #vanishing(layers: readonly LayerGradient[]): Found[] {
    // Only what has two axes: a bias before a softmax or a normalisation has no gradient, and need have none.
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
              : `its gradient has been ${(largest / size).toExponential(0)} times smaller than the largest layer's for ${steps} steps`,
          advice:
            size === 0
              ? "Look whether the loss depends on it at all; units before it may be dead."
              : "Add residual connections or normalisation, use ReLU or GELU in place of sigmoid and tanh, and initialise for the depth (He or Glorot).",
        },
      ];
    });
  }
}
