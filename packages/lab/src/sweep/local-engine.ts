import { isInUse } from "../experiment/run-lock.ts";
import { OwnProcess, type Ending } from "../own-process.ts";
import type { SweepEngine, SweepJob, SweepTask } from "./engine.ts";

/** How often to check whether a run of another process has ended, in milliseconds. */
const interval = 200;

/**
 * Runs each job in a process of its own on this machine. A run whose process outlived a killed sweep is waited for.
 * `command` starts `ansatz`: the program and its first words.
 */
export function localEngine(command: readonly string[]): SweepEngine {
  return {
    spec: 1,
    name: "local",
    start: (jobs) => Promise.resolve(jobs.map((job) => startHere(command, job))),
    close: () => Promise.resolve(),
  };
}

function startHere(command: readonly string[], { folder, words }: SweepJob): SweepTask {
  let stopped = false;
  let own: OwnProcess | undefined;
  const carryOut = async (): Promise<Ending> => {
    while (isInUse(folder) && !stopped) await new Promise((resolve) => setTimeout(resolve, interval));
    if (stopped) return { kind: "stopped" };
    own = new OwnProcess([...command, ...words]);
    return own.ending;
  };
  return {
    ending: carryOut(),
    stop: () => {
      stopped = true;
      own?.stop();
    },
  };
}
