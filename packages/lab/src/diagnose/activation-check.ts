import type { Found } from "./finding.ts";

/** What is measured of an activation's output at one step. */
export type Activation =
  | {
      readonly kind: "relu";
      readonly name: string;
      /** The greatest value of each unit over the batch. */
      readonly greatest: ArrayLike<number>;
    }
  | {
      readonly kind: "sigmoid" | "tanh";
      readonly name: string;
      /** The share of outputs at either end. */
      readonly saturated: number;
    };

/** A unit that gives 0 for this many steps is dead, and a layer that is saturated for this many steps stays so. */
const patience = 20;
/** Above this share of its units a layer gets a finding. */
const share = 0.5;
const saturatedShare = 0.9;

/**
 * Checks activations for ReLU units that no example activates any more, and for sigmoids and tanhs that are flat at
 * their inputs.
 */
export class ActivationCheck {
  /** For how many steps each unit of a layer has given 0. */
  readonly #silent = new Map<string, Uint32Array>();
  readonly #saturated = new Map<string, number>();

  check(activations: readonly Activation[]): Found[] {
    return activations.flatMap((activation) =>
      activation.kind === "relu" ? this.#dead(activation.name, activation.greatest) : this.#flat(activation),
    );
  }

  #dead(name: string, greatest: ArrayLike<number>): Found[] {
    const silent = this.#silent.get(name) ?? new Uint32Array(greatest.length);
    this.#silent.set(name, silent);
    let dead = 0;
    for (let unit = 0; unit < silent.length; unit++) {
      silent[unit] = greatest[unit]! > 0 ? 0 : silent[unit]! + 1;
      if (silent[unit]! >= patience) dead++;
    }
    if (dead <= share * silent.length) return [];
    return [
      {
        kind: "dead units",
        where: name,
        message:
          `${dead} of its ${silent.length} ReLU units have given 0 ` +
          `for every example of the last ${patience} steps`,
        advice:
          "Lower the learning rate to a third, and start biases at 0. " +
          "If that does not help, use a leaky ReLU or GELU, or normalise the input of the layer.",
      },
    ];
  }

  #flat({ name, kind, saturated }: Extract<Activation, { saturated: number }>): Found[] {
    const steps = saturated > saturatedShare ? (this.#saturated.get(name) ?? 0) + 1 : 0;
    this.#saturated.set(name, steps);
    if (steps < patience) return [];
    return [
      {
        kind: "saturated units",
        where: name,
        message:
          `${(100 * saturated).toFixed(0)} % of its ${kind} outputs have been within 1 % of an end ` +
          `for ${steps} steps, where the slope is close to 0`,
        advice:
          "Use smaller initial weights (Glorot), scale the inputs to unit variance, or normalise before it. " +
          "In hidden layers prefer ReLU or GELU.",
      },
    ];
  }
}
