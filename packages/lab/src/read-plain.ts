import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** Opens regular files only: links are not followed, and a pipe does not block. */
export const plainFile: number = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * The text of a regular file, or its end if it is longer than `most` bytes. Empty if there is no such file.
 *
 * Synchronous, because hundreds of small files are read together.
 */
export function readPlain(path: string, most = Infinity): string {
  let file: number;
  try {
    file = openSync(path, plainFile);
  } catch {
    return "";
  }
  try {
    const state = fstatSync(file);
    if (!state.isFile()) return "";
    const start = Math.max(0, state.size - most);
    const buffer = Buffer.allocUnsafe(state.size - start);
    const text = buffer.toString("utf8", 0, readSync(file, buffer, 0, buffer.length, start));
    return start === 0 ? text : text.slice(text.indexOf("\n") + 1);
  } finally {
    closeSync(file);
  }
}
