import { ArgumentError } from "@ansatz/core";
import type { Stateful } from "../stateful.ts";

export interface EarlyStoppingOptions {
  /** How many observations in a row may bring no improvement before training stops. */
  readonly patience: number;
  /** What counts as better: "less" (a loss, and the default) or "greater" (an accuracy). */
  readonly better?: "less" | "greater";
  /** How much better it must be to count; 0 unless given. */
  readonly leastGain?: number;
}

/**
 * Ends training when a figure has stopped improving. Prechelt 1998, "Early stopping - but when?".
 *
 * As a part of a training loop it ends the loop by itself, and goes on counting in a resumed run.
 *
 * @throws ArgumentError for a patience below 1
 * @example [3, 2, 2.5, 2.2].map((stopping => (loss: number) => (stopping.observe(loss), stopping.stopped))(new EarlyStopping({ patience: 2 })))  // [false, false, false, true]
 */
export class EarlyStopping implements Stateful {
  readonly options: Required<EarlyStoppingOptions>;
  #best: number | null = null;
  #since = 0;

  constructor({ patience, better = "less", leastGain = 0 }: EarlyStoppingOptions) {
    if (!Number.isInteger(patience) || patience < 1)
      throw new ArgumentError(`EarlyStopping: a patience of ${patience}\n  use a whole number, 1 or more`);
    this.options = { patience, better, leastGain };
  }

  /** Takes the next figure; returns whether it is the best so far. A NaN never is. */
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

  /** Whether it is time to stop. */
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
