import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeErrorOf } from "@ansatz/data";
import { readPlain } from "../read-plain.ts";
import { RunError } from "../run-folder.ts";

interface Holder {
  readonly pid: number;
  readonly host: string;
  /**
   * When the process started, in the system's own units; empty on systems that don't tell. A pid may be reused; a pid
   * with its start time is unique.
   */
  readonly processStarted: string;
}

/**
 * Keeps a second process out of a run's folder. The file `lock` names the process that holds it; if that process has
 * ended, the lock is taken over.
 *
 * @throws RunError if another process is using the folder; WriteError
 */
export class RunLock {
  readonly #path: string;
  readonly #text = JSON.stringify({
    pid: process.pid,
    host: hostname(),
    processStarted: startOf(process.pid),
  } satisfies Holder);
  readonly #release = () => this[Symbol.dispose]();

  constructor(folder: string) {
    this.#path = join(folder, "lock");
    if (!this.#create()) {
      this.#removeStale(folder);
      if (!this.#create()) throw refusal(folder, this.#path, undefined);
    }
    process.once("exit", this.#release);
  }

  #create(): boolean {
    try {
      writeFileSync(this.#path, this.#text, { flag: "wx" });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw writeErrorOf(this.#path, error);
    }
  }

  #removeStale(folder: string): void {
    const found = readText(this.#path);
    if (found === undefined) return; // just released
    const holder = holderOf(found);
    if (holder !== undefined && isAlive(holder)) throw refusal(folder, this.#path, holder);
    // Renamed first: if two processes find the lock stale, only one of them gets it, and can check that it is still the
    // stale one.
    const taken = `${this.#path}.${process.pid}.stale`;
    try {
      renameSync(this.#path, taken);
    } catch {
      return; // another process was faster
    }
    if (readText(taken) !== found) {
      renameSync(taken, this.#path);
      throw refusal(folder, this.#path, undefined);
    }
    rmSync(taken, { force: true });
  }

  /** Releases the lock. */
  [Symbol.dispose](): void {
    process.off("exit", this.#release);
    if (readText(this.#path) === this.#text) rmSync(this.#path, { force: true });
  }
}

/** Whether a process is using a run's folder right now. */
export function isInUse(folder: string): boolean {
  const holder = holderOf(readPlain(join(folder, "lock")));
  return holder !== undefined && isAlive(holder);
}

/** Waits until no process uses a run's folder, for at most so many milliseconds. */
export async function untilFree(folder: string, milliseconds: number): Promise<void> {
  for (const end = performance.now() + milliseconds; isInUse(folder) && performance.now() < end;) await sleep(20);
}

function refusal(folder: string, path: string, holder: Holder | undefined): RunError {
  const who =
    holder === undefined
      ? "another process"
      : `process ${holder.pid}${holder.host === hostname() ? "" : ` on ${holder.host}`}`;
  return new RunError(
    `${folder} is in use by ${who}\n` +
      `  wait until it ends, or start a new run; delete ${path} if you are sure that no process uses the folder`,
  );
}

function holderOf(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    return Number.isInteger(holder?.pid) &&
      typeof holder?.host === "string" &&
      typeof holder.processStarted === "string"
      ? (holder as Holder)
      : undefined;
  } catch {
    return undefined; // cut short by a crash
  }
}

/** Whether the process that holds a lock may still be running; on another machine this cannot be known. */
function isAlive({ pid, host, processStarted }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it runs, as another user
  }
  return startOf(pid) === processStarted;
}

/**
 * When a process started, in ticks since boot; empty except on Linux. One that has ended, and of which nobody has asked
 * how, has no start any more.
 */
function startOf(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  return fields[0] === "Z" ? "ended" : (fields[19] ?? "");
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
