import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { AnsatzError } from "@ansatz/core";
import { writeAtomically, writeErrorOf, writing } from "@ansatz/data";

/** A run's folder that cannot be read. */
export class RunError extends AnsatzError {}

/**
 * Creates a new folder for a run: `root/name/1`, or the next free number. Nothing is ever overwritten.
 * @throws WriteError
 */
export async function createRunFolder(root: string, name: string): Promise<string> {
  const parent = join(root, name);
  await writing(parent, () => mkdir(parent, { recursive: true }));
  const numbers = (await readdir(parent)).map(Number).filter(Number.isInteger);
  for (let number = Math.max(0, ...numbers) + 1; ; number++) {
    const folder = join(parent, number.toString());
    try {
      await mkdir(folder);
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw writeErrorOf(folder, error);
    }
  }
}

/** Writes a JSON file to a run's folder: whole, or not at all. @throws WriteError */
export async function writeJson(folder: string, name: string, value: unknown): Promise<void> {
  await writeText(folder, name, JSON.stringify(value, null, 2));
}

/** Writes a text, with a newline at its end, to a run's folder: whole, or not at all. @throws WriteError */
export async function writeText(folder: string, name: string, text: string): Promise<void> {
  await writeWhole(join(folder, name), `${text}\n`);
}

/** Writes a text to a file: whole, or not at all. @throws WriteError */
export function writeWhole(path: string, text: string): Promise<void> {
  return writeAtomically(path, [new TextEncoder().encode(text)]);
}

/** Reads a JSON file of a run's folder. @throws RunError if it is missing or isn't valid JSON */
export async function readJson(folder: string, name: string): Promise<unknown> {
  const path = join(folder, name);
  try {
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch (error) {
    throw new RunError(`${path} cannot be read: ${(error as Error).message}\n  check that this is the folder of a run`);
  }
}
