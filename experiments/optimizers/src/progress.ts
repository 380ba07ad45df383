import type { Stateful } from "@ansatz/lab";

/** The validation losses of a run, and how long its steps took. Saved with it, so that a resumed run goes on. */
export class Progress implements Stateful {
  #losses: (readonly [step: number, loss: number])[] = [];
  #seconds = 0;
  #steps = 0;

  /** Adds the time of a step. */
  took(seconds: number): void {
    this.#seconds += seconds;
    this.#steps++;
  }

  get secondsPerStep(): number {
    return this.#seconds / this.#steps;
  }

  validated(step: number, loss: number): void {
    this.#losses.push([step, loss]);
  }

  /** The loss at the end. */
  get loss(): number {
    return this.#losses.at(-1)![1];
  }

  /**
   * The step at which the loss first was at the target, on the straight line between two validations; the last one if
   * it never was.
   */
  stepsTo(target: number): number {
    const at = this.#losses.findIndex(([, loss]) => loss <= target);
    if (at < 0) return this.#losses.at(-1)![0];
    const [step, loss] = this.#losses[at]!;
    const [before, higher] = this.#losses[at - 1] ?? [step, loss];
    return higher === loss ? step : before + ((step - before) * (higher - target)) / (higher - loss);
  }

  stateDict() {
    return { losses: this.#losses.map(([step, loss]) => [step, loss]), seconds: this.#seconds, steps: this.#steps };
  }

  loadStateDict({ losses, seconds, steps }: ReturnType<Progress["stateDict"]>): void {
    this.#losses = losses.map(([step, loss]) => [step!, loss!]);
    this.#seconds = seconds;
    this.#steps = steps;
  }
}
