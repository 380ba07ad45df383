/** Watches for Ctrl-C: the first asks to stop after the current step, the second ends the process at once. */
export class Interrupt {
  #requested = false;
  readonly #onSignal = () => {
    if (this.#requested) process.exit(130);
    this.#requested = true;
  };

  constructor() {
    process.on("SIGINT", this.#onSignal);
    process.on("SIGTERM", this.#onSignal);
  }

  /** Whether it is time to stop. */
  get requested(): boolean {
    return this.#requested;
  }

  /** Gives the signals back. */
  [Symbol.dispose](): void {
    process.off("SIGINT", this.#onSignal);
    process.off("SIGTERM", this.#onSignal);
  }
}
