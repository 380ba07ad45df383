import type { Stateful } from "@ansatz/lab";

/**
 * How long training took, in seconds. As a part of the loop it is saved, so that a resumed run adds to the time before.
 */
export class Stopwatch implements Stateful {
  #before = 0;
  #since = performance.now();
  #running = true;

  get seconds(): number {
    return this.#before + (this.#running ? (performance.now() - this.#since) / 1000 : 0);
  }

  /** Stops; later time does not count. */
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
