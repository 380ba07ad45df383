import { open, type FileHandle } from "node:fs/promises";
import { plainFile } from "../read-plain.ts";
import { parseJsonLines, type JsonObject } from "../view/parse-lines.ts";

/** How much of a file is read at once, in bytes: so much that other requests are answered in between. */
const chunk = 1 << 20;

const newline = 0x0a;

async function openPlain(path: string): Promise<FileHandle | undefined> {
  const file = await open(path, plainFile).catch(() => undefined);
  if (file === undefined || (await file.stat()).isFile()) return file;
  await file.close();
  return undefined;
}

/** How many of the bytes that were read last are compared, to see whether the file is still the same. */
const compared = 256;

/**
 * A growing file of JSON lines. What was read once is not read again.
 *
 * A run that resumes from a checkpoint truncates its files and writes new lines. The file is then read again from the
 * start.
 */
export class FollowedLines {
  readonly #path: string;
  #inode = 0;
  #offset = 0;
  /** The end of what was read; it may end with an incomplete line. */
  #end = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
  }

  /** Passes new complete lines to `take`. If the earlier lines are no longer there, it calls `restart` first. */
  async follow(take: (lines: readonly JsonObject[]) => void, restart: () => void): Promise<void> {
    const file = await openPlain(this.#path);
    if (file === undefined) return;
    try {
      const { size, ino } = await file.stat();
      if (ino !== this.#inode || size < this.#offset || !(await this.#same(file))) {
        if (this.#offset > 0) restart();
        this.#inode = ino;
        this.#offset = 0;
        this.#end = Buffer.alloc(0);
      }
      while (this.#offset < size) {
        const { buffer, bytesRead } = await file.read(
          Buffer.allocUnsafe(Math.min(chunk, size - this.#offset)),
          0,
          Math.min(chunk, size - this.#offset),
          this.#offset,
        );
        if (bytesRead === 0) return;
        const rest = this.#end.subarray(this.#end.lastIndexOf(newline) + 1);
        const whole = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
        const lines = whole.lastIndexOf(newline) + 1;
        take(parseJsonLines(whole.toString("utf8", 0, lines)));
        this.#offset += bytesRead;
        this.#end = Buffer.from(whole.subarray(Math.max(0, Math.min(lines - 1, whole.length - compared))));
      }
    } finally {
      await file.close();
    }
  }

  /** Whether the file still contains what was read last. */
  async #same(file: FileHandle): Promise<boolean> {
    const { length } = this.#end;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, this.#offset - length);
    return bytesRead === length && buffer.equals(this.#end);
  }
}
