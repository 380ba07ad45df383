import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { CreateError } from "./create-error.ts";

/** The text of files by their paths, with slashes, in a folder. */
export type Files = Readonly<Record<string, string>>;

/** Folders in a template that its own use leaves behind. */
const leftBehind = /(^|\/)(node_modules|dist|runs|\.turbo)\//;

/** The files of a folder of this package, such as `templates/optim-my-rule`. */
export function readFiles(folder: string): Files {
  const root = fileURLToPath(new URL(`../${folder}`, import.meta.url));
  const paths = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, "/"))
    .filter((path) => !leftBehind.test(path));
  return Object.fromEntries(paths.toSorted().map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

/** Files with another text: each is given to `change` with its path. */
export function mapFiles(files: Files, change: (text: string, path: string) => string): Files {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [path, change(text, path)]));
}

/** Files in a folder of another folder. */
export function within(folder: string, files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));
}

/**
 * Writes files into a new folder, and returns its path from the working folder.
 *
 * @throws CreateError if there is a file or a folder with that name
 */
export async function writeFiles(folder: string, files: Files): Promise<string> {
  const shown = relative("", folder);
  if (existsSync(folder)) throw new CreateError(`${shown} already exists\n  choose another name`);
  for (const [path, text] of Object.entries(files)) {
    const whole = join(folder, path);
    await mkdir(dirname(whole), { recursive: true });
    await writeFile(whole, text);
  }
  return shown;
}

/** A value as the text of a JSON file. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
