import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { isInUse, RunLock } from "../experiment/run-lock.ts";
import { readPlain } from "../read-plain.ts";
import { RunError, writeJson } from "../run-folder.ts";
import { isJsonObject, parseObject } from "../view/parse-lines.ts";
import type { RunChange, RunNotes } from "./messages.ts";

const file = "notes.json";
const none: RunNotes = { tags: [], note: "", hidden: false };

/** The notes on a run. */
export function notesOf(folder: string): RunNotes {
  return { ...none, ...notesIn(parseObject(readPlain(join(folder, file)))) };
}

/** The valid parts of notes that somebody else may have written; undefined if there is none. */
function notesIn(value: unknown): Partial<RunNotes> | undefined {
  if (!isJsonObject(value)) return undefined;
  const { tags, note, hidden } = value;
  return {
    ...(Array.isArray(tags) && { tags: tags.filter((tag) => typeof tag === "string") }),
    ...(typeof note === "string" && { note }),
    ...(typeof hidden === "boolean" && { hidden }),
  };
}

/** The change that a request's body asks for; undefined if it isn't one. */
export function changeIn(body: unknown): RunChange | undefined {
  if (!isJsonObject(body) || !Array.isArray(body["runs"])) return undefined;
  const change = body["change"] === "delete" ? "delete" : notesIn(body["change"]);
  return change && { runs: body["runs"].map(String), change };
}

/**
 * Writes notes beside a run's files, or deletes the run. What else is in the notes stays.
 *
 * @throws RunError for notes that cannot be read, and for a run to delete that a process is using; WriteError
 */
export async function changeRun(folder: string, change: RunChange["change"]): Promise<void> {
  if (change !== "delete") {
    const before = parseObject(readPlain(join(folder, file)));
    if (before === undefined && existsSync(join(folder, file)))
      throw new RunError(`${join(folder, file)} cannot be read\n  mend it or remove it: nothing is written over it`);
    return writeJson(folder, file, { ...none, ...before, ...change });
  }
  if (isInUse(folder)) throw new RunError(`${folder} is in use\n  wait until the run ends, or stop it first`);
  using _lock = new RunLock(folder); // no run starts in it meanwhile
  await rm(folder, { recursive: true });
}
