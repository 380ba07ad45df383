import { duration } from "../progress.ts";

/** How long the rest of some work takes, from how long its parts took that are done. */
export class TimeLeft {
  /** What each part that is not done should take, in milliseconds or in any unit. */
  readonly #expected: number[];
  readonly #perUnit: number | undefined;
  #done = 0;
  #milliseconds = 0;

  /** @param expected for each part in order; `perUnit` is how many milliseconds a unit should take, if that is known */
  constructor(expected: readonly number[], perUnit?: number) {
    this.#expected = [...expected];
    this.#perUnit = perUnit;
  }

  /** The next part is done; it took so long, or was done before. A part of unknown length says nothing of the rest. */
  next(milliseconds?: number): void {
    const expected = this.#expected.shift() ?? 0;
    if (milliseconds === undefined || expected === 0) return;
    this.#done += expected;
    this.#milliseconds += milliseconds;
  }

  /** Such as ", about 9 m left"; empty if nothing is known. */
  get text(): string {
    const perUnit = this.#done > 0 ? this.#milliseconds / this.#done : this.#perUnit;
    const left = this.#expected.reduce((sum, expected) => sum + expected, 0);
    return perUnit === undefined || left === 0 ? "" : `, about ${duration(perUnit * left)} left`;
  }
}
