import type { Stateful } from "@ansatz/lab";

/**
 * How long training took, in seconds: a part of a loop, so that a run that goes on adds to what was measured before it
 * was stopped.
 */
export class Stopwatch implements Stateful {
  #before = 0;
  #since = performance.now();
  #running = true;

  get seconds(): number {
    return this.#before + (this.#running ? (performance.now() - this.#since) / 1000 : 0);
  }

  /** What comes after does not count. */
  stop(): void {
    this.#before = this.seconds;
    this.#running = false;
  }

  stateDict(): { readonly seconds: number } {
    return { seconds: this.seconds };
  }

  loadStateDict({ seconds }: { readonly seconds: number }): void {
    this.#before = seconds;
    this.#since = performance.now();
  }
}
