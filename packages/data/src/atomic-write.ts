import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { FileError } from "./file-error.ts";

/**
 * Writes a file so that it is there whole or not at all: under a temporary name beside it, flushed to the disk, then renamed. Whatever goes
 * wrong on the way, a file that was there before stays as it was.
 *
 * @throws FileError where it cannot be written, for want of space for instance.
 */
export async function writeAtomically(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true });
    throw explained(path, cause);
  }
}

/** Writes all bytes, in pieces that every platform takes in one call. */
export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let start = 0; start < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, start, Math.min(bytes.length - start, 2 ** 30));
    start += bytesWritten;
  }
}

/** A rename lasts through a power failure only once its folder is flushed. Windows cannot flush folders, and has no need to. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function explained(path: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || !("code" in cause)) return cause;
  const reason = cause.code === "ENOSPC" || cause.code === "EDQUOT" ? "there is no space left" : cause.message;
  return new FileError(`${path} was not written: ${reason}\n  what was saved before is untouched`, { cause });
}
