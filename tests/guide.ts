import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { linkDependencies, runIn } from "./copied-workspace.ts";

const root = join(import.meta.dirname, "..");

/** The part of a package.json that the tests of guides read and write. */
export interface Manifest {
  readonly name: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/** The package.json of optim-lion, as it would be under another name. */
export function lionAs(name: string): Manifest {
  const text = readFileSync(join(root, "plugins/optim-lion/package.json"), "utf8");
  return JSON.parse(text.replaceAll("optim-lion", name)) as Manifest;
}

/** What all plugins here have alike in their package.json. */
export function sharedByPlugins(manifest: Manifest): object {
  const publishing = ["exports", "files", "sideEffects", "publishConfig", "peerDependencies"];
  const names = ["name", "version", "license", "author", "repository", "type", "engines", "scripts", ...publishing];
  const values = manifest as unknown as Readonly<Record<string, unknown>>;
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}

/** A page of docs/. */
export function readGuide(name: string): string {
  return readFileSync(join(root, "docs", name), "utf8");
}

/** The files that a page shows: under a heading with the file's name, the first block. */
export function filesOf(guide: string): Map<string, string> {
  const found = guide.matchAll(/^### `([^`]+)`\n(?:(?!^#|^```)[^]*?\n)??(`{3,})\w+\n([^]*?\n)\2$/gm);
  return new Map([...found].map(([, path, , content]) => [path!, content!]));
}

/** Writes files into a folder. */
export function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** The commands of a page, one list for each of its blocks. A block inside the text of a file is not one of them. */
export function commandsOf(guide: string): string[][] {
  const outside = guide.replaceAll(/^````[^]*?^````$/gm, "");
  return [...outside.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block]) =>
    block!
      .trim()
      .split("\n")
      .map((line) => line.replace(/ +#.*$/, "")),
  );
}

/**
 * Carries out a command of a page in a copied workspace, and returns what it prints. What pnpm does for `install` and
 * `add` is done with what is installed already; everything else is a script of the workspace.
 */
export function follow(workspace: string, command: string): string {
  const [script = "", ...words] = command.replace(/^npx pnpm@10 /, "").split(" ");
  if (script === "install") {
    for (const own of packagesOf(workspace).filter((path) => !existsSync(join(root, path))))
      linkDependencies(workspace, own);
    return "";
  }
  if (script === "add") return add(workspace, ".", words);
  if (script === "--filter" && words[1] === "add") {
    const own = packagesOf(workspace).find((path) => manifestOf(join(workspace, path)).name === words[0]);
    if (own === undefined) throw new Error(`"${command}": there is no package ${words[0]}`);
    return add(workspace, own, words.slice(2));
  }
  return runIn(workspace, `${manifestOf(root).scripts[script]} ${words.join(" ")}`);
}

/** The folders of all packages of a workspace. */
function packagesOf(workspace: string): string[] {
  return ["packages", "plugins", "experiments"]
    .flatMap((group) => readdirSync(join(workspace, group)).map((name) => `${group}/${name}`))
    .filter((path) => existsSync(join(workspace, path, "package.json")));
}

/** Makes a package of the workspace a dependency, and not of two kinds. */
function add(workspace: string, own: string, words: readonly string[]): string {
  if (lstatSync(join(workspace, own)).isSymbolicLink())
    throw new Error(`${own} is not a copy, and must not be changed`);
  const name = words.find((word) => !word.startsWith("-"))!;
  const without = (kind: Manifest["dependencies"] = {}) =>
    Object.fromEntries(Object.entries(kind).filter(([other]) => other !== name));
  const manifest = manifestOf(join(workspace, own));
  const [dependencies, devDependencies] = [without(manifest.dependencies), without(manifest.devDependencies)];
  (words.includes("--save-dev") ? devDependencies : dependencies)[name] = "workspace:*";
  writeFileSync(
    join(workspace, own, "package.json"),
    `${JSON.stringify({ ...manifest, dependencies, devDependencies }, null, 2)}\n`,
  );
  linkDependencies(workspace, own);
  return "";
}

/** Changes lines as a diff says: each removed line becomes the added one after it; others are added at the imports. */
export function changeLines(text: string, diff: string): string {
  const lines = diff.trimEnd().split("\n");
  return lines.reduce((changed, line, i) => {
    const [sign, content, before] = [line[0], line.slice(1), lines[i - 1]];
    if (sign === "-") {
      if (changed.split(`\n${content}\n`).length !== 2) throw new Error(`the file has no single line\n${content}`);
      return changed.replace(`\n${content}\n`, () => `\n${lines[i + 1]!.slice(1)}\n`);
    }
    return before?.startsWith("-") === true ? changed : changed.replace(/^import /m, () => `${content}\nimport `);
  }, text);
}
