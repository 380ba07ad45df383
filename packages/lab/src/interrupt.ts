import { AnsatzError } from "@ansatz/core";

/** The run was asked to stop, by Ctrl-C or by a signal. */
export class InterruptedError extends AnsatzError {
  constructor(message = "stopped\n  resume it, or start again") {
    super(message);
  }
}

/**
 * Parent programs (npm, tsx) may pass on one Ctrl-C twice. A signal within this many milliseconds counts as the same
 * one.
 */
const samePress = 500;

/**
 * Handles Ctrl-C: the first one asks to stop after the current step, the second one ends the process at once. A reader
 * of the output that goes away, as `head` does, asks to stop, too.
 */
export class Interrupt {
  #requestedAt: number | undefined;
  readonly #onSignal = () => {
    const now = performance.now();
    if (this.#requestedAt !== undefined && now - this.#requestedAt > samePress) process.exit(130);
    this.#requestedAt ??= now;
  };

  readonly #onError = (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    this.#requestedAt ??= performance.now();
  };

  constructor() {
    process.stdout.on("error", this.#onError);
    process.on("SIGINT", this.#onSignal);
    process.on("SIGTERM", this.#onSignal);
  }

  /** Whether to stop. */
  get requested(): boolean {
    return this.#requestedAt !== undefined;
  }

  /** Stops here if asked to. @throws InterruptedError */
  check(): void {
    if (this.requested) throw new InterruptedError();
  }

  /** Stops handling the signals. */
  [Symbol.dispose](): void {
    process.stdout.off("error", this.#onError);
    process.off("SIGINT", this.#onSignal);
    process.off("SIGTERM", this.#onSignal);
  }
}
