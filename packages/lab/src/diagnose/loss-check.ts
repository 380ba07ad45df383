import { mean } from "simple-statistics";
import type { Found } from "./finding.ts";

/** A loss that has not fallen after this many steps is stuck. */
const stuckAfter = 200;
/** By how much the loss should have fallen by then, as a share of the mean of the first losses. */
const progress = 0.01;
/** How many validations in a row must be worse than the best before it is called overfitting. */
const patience = 3;
/** How much worse they must be, as a share of the best. */
const margin = 0.01;

/** Checks losses: whether training makes progress, and whether validation gets worse while training gets better. */
export class LossCheck {
  readonly #losses: number[] = [];
  /** The training losses since the last validation. */
  #recent: number[] = [];
  #best: { readonly validation: number; readonly training: number } | undefined;
  #worse = 0;

  /** Takes the next training loss, which must be finite. */
  train(loss: number): Found[] {
    this.#recent.push(loss);
    if (this.#losses.length >= stuckAfter) return [];
    this.#losses.push(loss);
    if (this.#losses.length < stuckAfter) return [];
    const part = stuckAfter / 4;
    const [first, last] = [mean(this.#losses.slice(0, part)), mean(this.#losses.slice(-part))];
    if (first - last >= progress * Math.abs(first)) return [];
    return [
      {
        kind: "stuck loss",
        message:
          `the loss has not fallen in ${stuckAfter} steps: ` +
          `${first.toPrecision(4)} at first, ${last.toPrecision(4)} now`,
        advice:
          "First let the model overfit a single batch. If it cannot, check that inputs and targets belong together " +
          "and that every parameter has a gradient. Then try ten times the learning rate, and a tenth of it.",
      },
    ];
  }

  /** Takes the next validation loss. */
  validate(validation: number): Found[] {
    const training = this.#recent.length === 0 ? Infinity : mean(this.#recent);
    this.#recent = [];
    if (this.#best === undefined || validation < this.#best.validation) {
      this.#best = { validation, training };
      this.#worse = 0;
      return [];
    }
    const grown = validation > this.#best.validation + margin * Math.abs(this.#best.validation);
    this.#worse = grown && training < this.#best.training ? this.#worse + 1 : 0;
    if (this.#worse < patience) return [];
    return [
      {
        kind: "overfitting",
        message:
          `the validation loss has risen from ${this.#best.validation.toPrecision(4)} ` +
          `to ${validation.toPrecision(4)} while the training loss fell ` +
          `from ${this.#best.training.toPrecision(4)} to ${training.toPrecision(4)}`,
        advice:
          "Stop early, at the best validation loss. Then get more data or augment it, " +
          "add dropout or weight decay, or make the model smaller.",
      },
    ];
  }
}
