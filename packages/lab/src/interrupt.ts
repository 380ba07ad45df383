import { AnsatzError } from "@ansatz/core";

/** Somebody asked to stop, by Ctrl-C or by a signal. */
export class InterruptedError extends AnsatzError {
  constructor(message = "stopped\n  go on where it stopped, or start again") {
    super(message);
  }
}

/**
 * Programs in between (npm, tsx) may pass one Ctrl-C on a second time: what follows so soon, in milliseconds, is the
 * same one.
 */
const samePress = 500;

/** Watches for Ctrl-C: the first asks to stop after the current step, the second ends the process at once. */
export class Interrupt {
  #requestedAt: number | undefined;
  readonly #onSignal = () => {
    const now = performance.now();
    if (this.#requestedAt !== undefined && now - this.#requestedAt > samePress) process.exit(130);
    this.#requestedAt ??= now;
  };

  constructor() {
    process.on("SIGINT", this.#onSignal);
    process.on("SIGTERM", this.#onSignal);
  }

  /** Whether it is time to stop. */
  get requested(): boolean {
    return this.#requestedAt !== undefined;
  }

  /** Stops here if it is time to. @throws InterruptedError */
  check(): void {
    if (this.requested) throw new InterruptedError();
  }

  /** Gives the signals back. */
  [Symbol.dispose](): void {
    process.off("SIGINT", this.#onSignal);
    process.off("SIGTERM", this.#onSignal);
  }
}
