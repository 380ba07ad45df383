import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, vi } from "vitest";

/** Makes folders for tests; they are deleted after the tests. */
export function folders(): () => string {
  const made: string[] = [];
  afterAll(() => {
    for (const folder of made) rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    const folder = mkdtempSync(join(tmpdir(), "experiment-"));
    made.push(folder);
    return folder;
  };
}

export function readLines(folder: string, name: string): Record<string, unknown>[] {
  return readFileSync(join(folder, name), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

export function readFrom(folder: string, name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, name), "utf8")) as Record<string, unknown>;
}

/** What each test prints to the console by these methods; nothing of it is shown. */
export function printing(...methods: readonly ("log" | "error")[]): string[] {
  const printed: string[] = [];
  beforeEach(() => {
    printed.length = 0;
    for (const method of methods)
      vi.spyOn(console, method).mockImplementation((line: string) => void printed.push(line));
  });
  return printed;
}
