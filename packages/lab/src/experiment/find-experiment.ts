import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, parse, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { AnsatzError } from "@ansatz/core";
import { nearest } from "@ansatz/core/plugin";
import { typedAs } from "../command/typed-as.ts";
import { UsageError } from "../settings.ts";
import { isExperiment, type Experiment } from "./experiment.ts";
import { upward } from "./run-record.ts";

/** An experiment that cannot be loaded. */
export class ExperimentError extends AnsatzError {}

/** An experiment and where it is. */
export interface FoundExperiment {
  readonly name: string;
  /** The folder of its package. */
  readonly folder: string;
  readonly experiment: Experiment;
  readonly file: string;
}

/** The entry files that an experiment's folder may have. */
const entries = ["src/index.ts", "index.ts", "src/index.js", "index.js"];

/** The nearest folder `experiments`, from the working folder upward. */
export function experimentsFolder(from = process.cwd()): string | undefined {
  return upward(resolve(from), (above) => join(above, "experiments"));
}

/** The names of all experiments there. */
export function experimentNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => entryOf(join(folder, name)) !== undefined)
    .toSorted();
}

/**
 * Loads an experiment by its name or path.
 *
 * @throws UsageError if there is none (it suggests a similar name); ExperimentError if the file doesn't export an
 *   experiment or isn't an ES module
 */
export async function findExperiment(nameOrPath: string): Promise<FoundExperiment> {
  const file = locateExperiment(nameOrPath);
  const folder = folderOf(file);
  checkModule(file);
  if (file.endsWith(".ts") && !import.meta.url.endsWith(".ts")) (await import("tsx/esm/api")).register();
  const loaded = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
  if (!isExperiment(loaded.default))
    throw new ExperimentError(
      `${relative("", file)} doesn't export an experiment\n` +
        "  make it the default export: export default experiment({ … })",
    );
  return { name: nameOf(file), folder, file, experiment: loaded.default };
}

/** Any other kind of module would load a second copy of core. @throws ExperimentError */
function checkModule(file: string): void {
  const manifest = upward(dirname(file), (above) => join(above, "package.json"));
  const { type } =
    manifest === undefined ? {} : (JSON.parse(readFileSync(manifest, "utf8")) as { readonly type?: string });
  if (type === "module") return;
  const where = manifest === undefined ? "create a package.json beside it" : `add this to ${relative("", manifest)}`;
  throw new ExperimentError(
    `${relative("", file)} isn't an ES module, which an experiment has to be\n  ${where}: { "type": "module" }`,
  );
}

/** The name of an experiment: that of its folder or, if a folder may have several, of its file. */
function nameOf(file: string): string {
  const { name } = parse(file);
  return name === "index" ? basename(folderOf(file)) : name;
}

/** The folder of an experiment's package. */
export function folderOf(file: string): string {
  return basename(dirname(file)) === "src" ? dirname(dirname(file)) : dirname(file);
}

/** The file of an experiment, by its name or path. @throws UsageError if there is none */
export function locateExperiment(nameOrPath: string): string {
  const place = experimentsFolder();
  const candidates = [...(place === undefined ? [] : [join(place, nameOrPath)]), resolve(nameOrPath)];
  for (const candidate of candidates) {
    const file = entryOf(candidate);
    if (file !== undefined) return file;
  }
  const known = place === undefined ? [] : experimentNames(place);
  const guess = nearest(nameOrPath, known);
  const mend =
    guess !== undefined
      ? `did you mean ${guess}?`
      : known.length > 0
        ? `the experiments are ${known.join(", ")}`
        : `create one: ${typedAs("create")} experiment NAME`;
  throw new UsageError(`there is no experiment "${nameOrPath}"\n  ${mend}`);
}

/** The file of the experiment at a path: that file, or the entry file of that folder. */
export function entryOf(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  if (statSync(path).isFile()) return /\.[jt]s$/.test(path) ? path : undefined;
  return entries.map((entry) => join(path, entry)).find((file) => existsSync(file));
}
