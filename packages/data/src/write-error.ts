import { AnsatzError } from "@ansatz/core";

/** A file or folder that cannot be written: no space, no permission, no such place. */
export class WriteError extends AnsatzError {}

/** What the file system's error codes mean, and what to do about them. */
const causes: Readonly<Record<string, readonly [what: string, mend: string]>> = {
  ENOSPC: ["there is no space left on the device", "free some space, then try again"],
  EDQUOT: ["the quota of disk space is used up", "free some space, then try again"],
  EFBIG: ["the file is larger than the file system allows", "write to another file system"],
  EROFS: ["the file system is read-only", "write to another folder, or mount it for writing"],
  EACCES: ["permission is denied", "give yourself permission to write there, or write to another folder"],
  EPERM: ["permission is denied", "give yourself permission to write there, or write to another folder"],
  ENOENT: ["its folder does not exist", "make the folder first"],
  ENOTDIR: ["a part of the path is a file, not a folder", "write to another folder"],
  EISDIR: ["there is a folder with that name", "write to another name"],
};

/**
 * Runs work that writes to a path; errors of the file system become clear ones.
 *
 * @throws WriteError with the file system's error as its cause
 */
export async function writing<R>(path: string, work: () => R | Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    throw writeErrorOf(path, error);
  }
}

/** An error of the file system as a WriteError; every other error is returned as it is. */
export function writeErrorOf(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error) || typeof error.code !== "string")
    return error;
  const [what, mend] = causes[error.code] ?? [error.message, "check the device, or write to another folder"];
  const clear = new WriteError(
    `${path} cannot be written: ${what} (${error.code})\n  ${mend}; an earlier file with that name is untouched`,
  );
  clear.cause = error;
  return clear;
}
