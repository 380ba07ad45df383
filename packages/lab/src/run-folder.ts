import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AnsatzError } from "@ansatz/core";

/** A run's folder cannot be made, read or written. */
export class RunError extends AnsatzError {}

/** Makes a new folder for a run: `root/name/1`, or the next free number. Nothing is ever overwritten. */
export async function createRunFolder(root: string, name: string): Promise<string> {
  const parent = join(root, name);
  await mkdir(parent, { recursive: true });
  const numbers = (await readdir(parent)).map(Number).filter(Number.isInteger);
  for (let number = Math.max(0, ...numbers) + 1; ; number++) {
    const folder = join(parent, number.toString());
    try {
      await mkdir(folder);
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** Writes a JSON file into a run's folder. */
export async function writeJson(folder: string, name: string, value: unknown): Promise<void> {
  await writeFile(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
}

/** Reads a JSON file of a run's folder. @throws RunError when it is missing or no JSON */
export async function readJson(folder: string, name: string): Promise<unknown> {
  const path = join(folder, name);
  try {
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch (error) {
    throw new RunError(`${path} cannot be read: ${(error as Error).message}\n  is this the folder of a run?`);
  }
}
