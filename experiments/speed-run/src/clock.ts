import type { Stateful } from "@ansatz/lab";

/** The seconds from its start to its latest tick. Saved with a run, so that a resumed one counts on. */
export class Clock implements Stateful {
  seconds = 0;
  #last = performance.now();

  tick(): void {
    const now = performance.now();
    this.seconds += (now - this.#last) / 1000;
    this.#last = now;
  }

  stateDict() {
    return { seconds: this.seconds };
  }

  loadStateDict({ seconds }: ReturnType<Clock["stateDict"]>): void {
    this.seconds = seconds;
    this.#last = performance.now();
  }
}
