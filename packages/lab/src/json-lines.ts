import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
} from "node:fs";
import { writeErrorOf } from "@ansatz/data";

/**
 * A growing file with one JSON value on each line. Numbers that JSON lacks are written as the strings "NaN", "Infinity"
 * and "-Infinity".
 */
export class JsonLines<Line> {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Adds a line. @throws WriteError */
  append(line: Line): void {
    this.#writing(() => appendFileSync(this.path, `${jsonText(line)}\n`));
  }

  /** Everything written so far. A line that a crash cut short is left out. */
  read(): Line[] {
    if (!existsSync(this.path)) return [];
    return readFileSync(this.path, "utf8")
      .split("\n")
      .flatMap((line) => {
        try {
          return line === "" ? [] : [this.parse(line)];
        } catch {
          return [];
        }
      });
  }

  protected parse(line: string): Line {
    return JSON.parse(line) as Line;
  }

  /** The length of the file in bytes. */
  get length(): number {
    return existsSync(this.path) ? statSync(this.path).size : 0;
  }

  /** Syncs the file to disk, so that it survives a crash of the machine, and returns its length. @throws WriteError */
  sync(): number {
    if (!existsSync(this.path)) return 0;
    return this.#writing(() => {
      const file = openSync(this.path, "r+");
      try {
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      return this.length;
    });
  }

  /** Truncates the file to a length, e.g. when a run resumes from its checkpoint. @throws WriteError */
  truncate(length: number): void {
    if (this.length > length) this.#writing(() => truncateSync(this.path, length));
  }

  #writing<R>(work: () => R): R {
    try {
      return work();
    } catch (error) {
      throw writeErrorOf(this.path, error);
    }
  }
}

/** A value as JSON, in which numbers that JSON lacks are strings. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_name, part: unknown) => (typeof part === "number" && !Number.isFinite(part) ? String(part) : part),
    indent,
  );
}
