import { ArgumentError } from "@ansatz/core";
import type { Stateful } from "../stateful.ts";

export interface EarlyStoppingOptions {
  /** The number of observations in a row without improvement after which training stops. */
  readonly patience: number;
  /** What counts as better: "less" for a loss, "greater" for an accuracy. Default: "less". */
  readonly better?: "less" | "greater";
  /** The least gain that counts as an improvement. Default: 0. */
  readonly leastGain?: number;
}

/**
 * Stops training when a figure no longer improves. Prechelt 1998, "Early stopping - but when?".
 *
 * As a part of a training loop it ends the loop by itself, and continues its count in a resumed run.
 *
 * @throws ArgumentError for a patience below 1
 * @example const stopping = new EarlyStopping({ patience: 2 });
 * [3, 2, 2.5, 2.2].map((loss) => (stopping.observe(loss), stopping.stopped)) // [false, false, false, true]
 */
export class EarlyStopping implements Stateful {
  readonly options: Required<EarlyStoppingOptions>;
  #best: number | null = null;
  #since = 0;

  constructor({ patience, better = "less", leastGain = 0 }: EarlyStoppingOptions) {
    if (!Number.isInteger(patience) || patience < 1)
      throw new ArgumentError(`EarlyStopping: the patience is ${patience}\n  use a whole number, 1 or more`);
    this.options = { patience, better, leastGain };
  }

  /** Takes the next figure, and returns whether it is the best so far. NaN never is. */
  observe(figure: number): boolean {
    const gain =
      this.#best === null ? Infinity : this.options.better === "less" ? this.#best - figure : figure - this.#best;
    const improved = !Number.isNaN(figure) && gain > this.options.leastGain;
    if (improved) this.#best = figure;
    this.#since = improved ? 0 : this.#since + 1;
    return improved;
  }

  /** The best figure so far. */
  get best(): number | undefined {
    return this.#best ?? undefined;
  }

  /** Whether training should stop. */
  get stopped(): boolean {
    return this.#since >= this.options.patience;
  }

  stateDict(): { readonly best: number | null; readonly since: number } {
    return { best: this.#best, since: this.#since };
  }

  loadStateDict({ best, since }: { readonly best: number | null; readonly since: number }): void {
    this.#best = best;
    this.#since = since;
  }
}
