import { isInUse } from "../experiment/run-lock.ts";
import { OwnProcess, type Ending } from "../own-process.ts";

/** How often to check whether a run of another process has ended, in milliseconds. */
const interval = 200;

/** A run of a sweep in a process of its own. A run whose process outlived a killed sweep is waited for first. */
export class SweepTask {
  readonly ending: Promise<Ending>;
  #stopped = false;
  #process: OwnProcess | undefined;

  /** Starts a command, the program and its words, which carries out the run in a folder. */
  constructor(folder: string, command: readonly string[]) {
    this.ending = this.#carryOut(folder, command);
  }

  /** Asks the run to save and stop. */
  stop(): void {
    this.#stopped = true;
    this.#process?.stop();
  }

  async #carryOut(folder: string, command: readonly string[]): Promise<Ending> {
    while (isInUse(folder) && !this.#stopped) await new Promise((resolve) => setTimeout(resolve, interval));
    if (this.#stopped) return { kind: "stopped" };
    this.#process = new OwnProcess(command);
    return this.#process.ending;
  }
}
