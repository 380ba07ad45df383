import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";

/**
 * Runs `work` while no other process runs it, because they would write into each other's files. A second process waits,
 * and calls `onWait` once with the id of the first.
 */
export async function whileAlone<R>(
  lock: string,
  onWait: (process: number) => void,
  signal: AbortSignal,
  work: () => Promise<R>,
): Promise<R> {
  mkdirSync(dirname(lock), { recursive: true });
  for (let told = false; !taken(lock); told = true) {
    const owner = existsSync(lock) ? Number(readFileSync(lock, "utf8")) : NaN;
    if (owner > 0 && !lives(owner))
      rmSync(lock, { force: true }); // the owner was killed
    else if (!told) onWait(owner);
    await setTimeout(200, undefined, { signal });
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function taken(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function lives(process_: number): boolean {
  try {
    process.kill(process_, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
