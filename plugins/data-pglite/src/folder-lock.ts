import { StateError } from "@ansatz/core";

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process started, since a pid is used again. Empty on systems that don't tell. */
  readonly started: string;
}

/**
 * Keeps a second process out of a folder: each would write what it has read over what the other has stored. The file
 * `<folder>.lock` names the process that has it; if that has ended, the lock is taken over. Node only.
 *
 * @returns what releases the lock
 * @throws StateError if another process has the folder, or this one has it already
 */
export function lockFolder(folder: string): () => void {
  const { readFileSync, renameSync, rmSync, writeFileSync } = process.getBuiltinModule("node:fs");
  const { hostname } = process.getBuiltinModule("node:os");
  const path = `${folder}.lock`;
  const mend = `close it there, or give each its own folder; delete ${path} if you are sure that no process uses it`;
  const taken = new StateError(`${folder}: another process has it open\n  ${mend}`);
  const read = (file: string) => {
    try {
      return readFileSync(file, "utf8");
    } catch {
      return undefined;
    }
  };
  /** In ticks since the system started; on Linux. */
  const startOf = (pid: number) => {
    const stat = read(`/proc/${pid}/stat`);
    return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  };
  const own: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  const hasEnded = ({ pid, host, started }: Holder) => {
    if (host !== own.host) return false; // it may still run, over there
    try {
      process.kill(pid, 0);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "ESRCH";
    }
    return startOf(pid) !== started;
  };
  const create = () => {
    try {
      writeFileSync(path, JSON.stringify(own), { flag: "wx" });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
  };
  const removeStale = () => {
    const found = read(path);
    if (found === undefined) return; // just released
    const holder = holderOf(found);
    if (holder !== undefined && !hasEnded(holder)) throw taken;
    // Renamed first: of two processes that find it stale one gets it, and checks that it is still the stale one.
    const stale = `${path}.${process.pid}`;
    try {
      renameSync(path, stale);
    } catch {
      return; // another process was faster
    }
    if (read(stale) !== found) {
      renameSync(stale, path);
      throw taken;
    }
    rmSync(stale, { force: true });
  };
  if (!create()) {
    removeStale();
    if (!create()) throw taken;
  }
  return () => rmSync(path, { force: true });
}

function holderOf(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    if (Number.isInteger(holder?.pid)) return holder as Holder;
  } catch {
    // cut short by a crash
  }
  return undefined;
}
