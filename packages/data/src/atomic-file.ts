import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { writeErrorOf } from "./write-error.ts";

/**
 * Writes a file so that it is either complete or absent: it is written under a temporary name, synced and renamed.
 *
 * @throws WriteError if there is no space, no permission or no such folder; an earlier file with the name is then
 * untouched
 */
export async function writeAtomically(path: string, chunks: readonly ArrayBufferView[]): Promise<void> {
  const temporary = `${path}.${process.pid}.partial`;
  try {
    const file = await open(temporary, "w");
    try {
      for (const chunk of chunks)
        await file.writeFile(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    // Removing the file may fail for the same reason as writing it.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeErrorOf(path, error);
  }
}

/** Makes a rename survive a crash. On Windows, where folders cannot be opened, the file system does so itself. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
