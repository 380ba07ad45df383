import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { upward } from "../experiment/run-record.ts";

/** The backends of Ansatz by their short names: `wasm` for @ansatz/backend-wasm. The fastest on most machines first. */
export const knownBackends: readonly string[] = ["onnx", "tfjs-node", "wasm", "cpu"];

/** A package that is installed. */
export interface InstalledPackage {
  readonly package: string;
  readonly version: string;
  /** The file that is imported. */
  readonly entry: string;
}

/** A backend's package that is installed. */
export interface InstalledBackend extends InstalledPackage {
  /** The name to choose it by: `wasm` for @ansatz/backend-wasm, the package's name for any other package. */
  readonly name: string;
}

/** The command that installs a backend. */
export function installCommand(name: string): string {
  return `npm install ${packageOf(name)}`;
}

/** The package that a short name such as `wasm` stands for. Any other name is that of a package, or a path. */
export function packageOf(name: string): string {
  return isShort(name) ? `@ansatz/backend-${name}` : name;
}

/** Whether a name is a short one: the name of a package contains "backend", and a path has a slash. */
export function isShort(name: string): boolean {
  return !/backend|\//.test(name);
}

/** Whether a value is the name of a package or a short name, and not a path to a file. */
export function isPackageName(name: unknown): name is string {
  return typeof name === "string" && /^(@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*$/.test(name);
}

/** A backend as code in one of these places, files or folders, would import it: the first place that finds it. */
export function findBackend(name: string, places: readonly string[]): InstalledBackend | undefined {
  const found = findPackage(packageOf(name), places);
  return found && { name, ...found };
}

/** A package, or a path, as code in one of these places, files or folders, would import it. */
export function findPackage(wanted: string, places: readonly string[]): InstalledPackage | undefined {
  for (const place of places) {
    // Node also looks where NODE_PATH points. pnpm sets it to a folder with all packages of the workspace.
    const manifest = upward(place, (above) => join(above, "node_modules", wanted, "package.json"));
    if (manifest === undefined && !/^[./]/.test(wanted)) continue;
    try {
      const entry = createRequire(pathToFileURL(statSync(place).isDirectory() ? join(place, "_") : place)).resolve(
        wanted,
      );
      return { package: wanted, version: versionIn(manifest), entry };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return undefined;
}

function versionIn(manifest: string | undefined): string {
  return manifest === undefined
    ? ""
    : ((JSON.parse(readFileSync(manifest, "utf8")) as { readonly version?: string }).version ?? "");
}

/**
 * All backends that can be imported from these places: those of Ansatz in the order of `knownBackends`, then every
 * other package @ansatz/backend-….
 */
export function installedBackends(places: readonly string[]): InstalledBackend[] {
  const names = new Set([...knownBackends, ...places.flatMap(namesBeside)]);
  return [...names].flatMap((name) => findBackend(name, places) ?? []);
}

function namesBeside(place: string): string[] {
  const scope = join(place, "node_modules/@ansatz");
  const own = existsSync(scope) ? readdirSync(scope).flatMap((folder) => /^backend-(.+)$/.exec(folder)?.[1] ?? []) : [];
  return dirname(place) === place ? own : [...own, ...namesBeside(dirname(place))];
}
