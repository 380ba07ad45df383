import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeErrorOf } from "@ansatz/data";
import { readPlain } from "../read-plain.ts";
import { parseObject, recordedNumber, type JsonObject } from "../view/parse-lines.ts";
import { isInUse } from "./run-lock.ts";
import type { RunState } from "./run-state.ts";
import type { RunEnd } from "./verdict.ts";

/** The contents of `status.json`. */
interface Status {
  readonly state: Exclude<RunState, "unknown">;
  readonly pid: number;
  readonly step: number;
  readonly steps?: number;
  /** When it was last written, ISO 8601. */
  readonly updated: string;
  /** How it ended. */
  readonly end?: RunEnd;
  readonly error?: string;
}

/**
 * How the run in a folder stands, from its `status.json` and from whether it has a result. A run whose process died
 * without a word was interrupted.
 */
export function stateOf(folder: string, status: JsonObject | undefined, ended: boolean): RunState {
  if (ended) return "ended";
  const state = status?.["state"];
  if (state === "running") return isInUse(folder) ? "running" : "interrupted";
  return state === "interrupted" || state === "failed" || state === "ended" ? state : "unknown";
}

/** The position that a run's `status.json` gives; step 0 if there is none. */
export function readStatus(folder: string): { readonly step: number; readonly steps?: number } {
  const status = parseObject(readPlain(join(folder, "status.json")));
  const [step = 0, steps] = [recordedNumber(status?.["step"]), recordedNumber(status?.["steps"])];
  return steps === undefined ? { step } : { step, steps };
}

/** The least time between two writes while a run is running, in milliseconds. */
const interval = 1_000;

/** A run's `status.json`, for those who watch it: rewritten at most once a second. */
export class RunStatus {
  readonly #path: string;
  #written = -interval;
  #position: { readonly step: number; readonly steps?: number } = { step: 0 };

  constructor(folder: string) {
    this.#path = join(folder, "status.json");
  }

  /** Records that the run is running, at a step. @throws WriteError */
  running(step: number, steps?: number): void {
    this.#position = steps === undefined ? { step } : { step, steps };
    const now = performance.now();
    if (now - this.#written < interval) return;
    this.#written = now;
    this.#write("running");
  }

  /** Records how the run ended. @throws WriteError */
  finished(state: Status["state"], more: Pick<Status, "end" | "error">): void {
    this.#write(state, more);
  }

  /** Not synced to disk: nothing depends on the file, and it is written often. */
  #write(state: Status["state"], more: Pick<Status, "end" | "error"> = {}): void {
    const now = { pid: process.pid, ...this.#position, updated: new Date().toISOString() };
    const status: Status = { state, ...now, ...more };
    try {
      writeFileSync(`${this.#path}.partial`, `${JSON.stringify(status, null, 2)}\n`);
      renameSync(`${this.#path}.partial`, this.#path);
    } catch (error) {
      throw writeErrorOf(this.#path, error);
    }
  }
}
