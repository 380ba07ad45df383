import { closeSync, constants, existsSync, fstatSync, openSync, readSync } from "node:fs";

/** Opens regular files only: links are not followed, and a pipe does not block. */
export const plainFile: number = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Where small files are read to. */
const scratch = Buffer.allocUnsafe(1 << 15);

/**
 * The text of a regular file, or its end if it is longer than `most` bytes. Empty if there is no such file.
 *
 * Synchronous, because hundreds of small files are read together.
 */
export function readPlain(path: string, most = Infinity): string {
  if (!existsSync(path)) return ""; // much faster than an error, and many files are not there
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
    const length = state.size - start;
    const buffer = length <= scratch.length ? scratch : Buffer.allocUnsafe(length);
    const text = buffer.toString("utf8", 0, readSync(file, buffer, 0, length, start));
    return start === 0 ? text : text.slice(text.indexOf("\n") + 1);
  } finally {
    closeSync(file);
  }
}
