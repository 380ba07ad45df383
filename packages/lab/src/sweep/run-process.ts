import { spawn, type ChildProcess } from "node:child_process";

/** How much of the end of a process's error output is kept, in characters. */
const kept = 4_000;

/** How a run's process ended: well, stopped by a signal or Ctrl-C, or with an error. */
export type Ending =
  { readonly kind: "ended" } | { readonly kind: "stopped" } | { readonly kind: "failed"; readonly error: string };

/** A run in its own process. */
export class RunProcess {
  readonly ending: Promise<Ending>;
  readonly #process: ChildProcess;
  #stopping = false;

  /** @param command the program and all its words */
  constructor(command: readonly string[]) {
    const [program, ...words] = command;
    this.#process = spawn(program!, words, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    this.#process.stderr!.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-kept)));
    this.ending = new Promise((resolve) => {
      this.#process.on("error", (error) => resolve({ kind: "failed", error: error.message }));
      this.#process.on("close", (status, signal) => {
        if (status === 0) resolve({ kind: "ended" });
        else if (status === 130 || this.#stopping) resolve({ kind: "stopped" });
        else
          resolve({
            kind: "failed",
            error:
              said.trim() ||
              (signal === null
                ? `it ended with status ${status}`
                : `it was ended by ${signal}; perhaps there was too little memory`),
          });
      });
    });
  }

  /** Asks the run to save and stop. It is asked only once: a second signal would end it without saving. */
  stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#process.kill("SIGINT");
  }
}
