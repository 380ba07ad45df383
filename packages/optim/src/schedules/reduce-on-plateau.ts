import { ArgumentError, StateError, type Schedule } from "@ansatz/core";
import { checkFactor } from "./check-steps.ts";

export interface ReduceOnPlateauOptions {
  /** Whether the metric should fall or rise. Default: "min". */
  readonly mode?: "min" | "max";
  /** The factor of a reduction. Default: 0.1. */
  readonly factor?: number;
  /** How many metrics without an improvement are tolerated. Default: 10. */
  readonly patience?: number;
  /** The improvement over the best metric that counts. Default: 1e-4. */
  readonly threshold?: number;
  /** Whether the threshold is a share of the best metric, or a difference to it. Default: "relative". */
  readonly thresholdMode?: "relative" | "absolute";
  /** How many metrics after a reduction are ignored. Default: 0. */
  readonly cooldown?: number;
  /** The lowest value. Default: 0. */
  readonly floor?: number;
}

/** The state of a `ReduceOnPlateau`, to save and load. */
export interface PlateauState {
  readonly value: number;
  readonly best: number;
  readonly stalled: number;
  readonly resting: number;
}

/**
 * Reduces a value when a metric has stopped improving, as PyTorch's ReduceLROnPlateau. Call `observe` with the metric
 * now and then, and give `schedule` to the optimizer.
 *
 * @throws ArgumentError for a factor outside (0, 1], counts below 0, or an unknown mode
 * @example const plateau = new ReduceOnPlateau(1, { patience: 0 });
 * plateau.observe(2);
 * plateau.observe(2);
 * plateau.schedule(1) // 0.1
 */
export class ReduceOnPlateau {
  readonly #options: Required<ReduceOnPlateauOptions>;
  #state: PlateauState;

  constructor(initial: number, options: ReduceOnPlateauOptions = {}) {
    const { mode = "min", thresholdMode = "relative", factor = 0.1, patience = 10 } = options;
    const { threshold = 1e-4, cooldown = 0, floor = 0 } = options;
    checkFactor("ReduceOnPlateau", factor);
    for (const [name, value] of Object.entries({ patience, threshold, cooldown, floor })) {
      if (!(value >= 0)) throw new ArgumentError(`ReduceOnPlateau: ${name} is ${value}\n  use 0 or more`);
    }
    checkChoice("mode", mode, ["min", "max"]);
    checkChoice("thresholdMode", thresholdMode, ["relative", "absolute"]);
    this.#options = { mode, factor, patience, threshold, thresholdMode, cooldown, floor };
    this.#state = { value: initial, best: mode === "min" ? Infinity : -Infinity, stalled: 0, resting: 0 };
  }

  /** The current value; it does not depend on the step. */
  readonly schedule: Schedule = () => this.#state.value;

  /** Notes a metric. @throws ArgumentError if it is NaN */
  observe(metric: number): void {
    if (Number.isNaN(metric))
      throw new ArgumentError("ReduceOnPlateau: the metric is NaN\n  look for the step at which the loss became NaN");
    const { factor, patience, cooldown, floor } = this.#options;
    let { value, best, stalled, resting } = this.#state;
    if (this.#improves(metric, best)) [best, stalled] = [metric, 0];
    else stalled++;
    if (resting > 0) [resting, stalled] = [resting - 1, 0];
    if (stalled > patience) {
      const next = Math.max(floor, value * factor);
      [value, stalled, resting] = [value - next > 1e-8 ? next : value, 0, cooldown]; // PyTorch's bound
    }
    this.#state = { value, best, stalled, resting };
  }

  #improves(metric: number, best: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    const sign = mode === "min" ? -1 : 1;
    const bound = thresholdMode === "absolute" ? best + sign * threshold : best * (1 + sign * threshold);
    return mode === "min" ? metric < bound : metric > bound;
  }

  /** Its state. */
  stateDict(): PlateauState {
    return this.#state;
  }

  /** Resumes from a saved state. @throws StateError for an invalid state */
  loadStateDict(state: PlateauState): void {
    const { value, best, stalled, resting } = state;
    if ([value, best, stalled, resting].some((part) => typeof part !== "number" || Number.isNaN(part)))
      throw new StateError(
        "ReduceOnPlateau: this isn't its state\n  pass { value, best, stalled, resting }, each a number",
      );
    this.#state = { value, best, stalled, resting };
  }
}

function checkChoice(name: string, value: string, choices: readonly string[]): void {
  if (!choices.includes(value))
    throw new ArgumentError(`ReduceOnPlateau: ${name} is "${value}"\n  use "${choices.join('" or "')}"`);
}
