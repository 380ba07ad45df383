import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { packageOf } from "../backends/installed.ts";
import { installedAt, readPackageManifest, upward, type PackageManifest } from "./run-record.ts";

/** The code that an experiment's results depend on. If one of its hashes is another one, the results are stale. */
export interface Provenance {
  /** The name of the backend. Its package is among the packages. */
  readonly backend: string;
  /**
   * The hash of each workspace package that is imported, also by another package, and the version of each other package
   * on which these depend.
   */
  readonly packages: Readonly<Record<string, string>>;
  /** The hash of each of the experiment's own files. */
  readonly sources: Readonly<Record<string, string>>;
  /** The lock file, which fixes the versions of all other packages, with its hash. */
  readonly lock: Readonly<Record<string, string>>;
}

const lockFiles = ["pnpm-lock.yaml", "package-lock.json", "yarn.lock", "bun.lock"];
/** Folders that hold no sources. */
const skipped = new Set(["node_modules", "dist", "runs"]);
/** Files that a result cannot depend on: tests, and what a reproduction writes. package.json counts by its imports. */
const withoutEffect = /\.test\.[cm]?[jt]s$|^results\.json$|^package\.json$|^tsconfig.*\.json$/;
const code = /\.([cm]?[jt]s|json)$/;
const imported = /\b(?:from|import)\s*\(?\s*["']([^"'\n]+)["']/g;

/** A package as the files in its sources say. */
interface Sources {
  readonly hash: string;
  readonly imports: ReadonlySet<string>;
}

/**
 * What an experiment's results depend on, as it is now: its own files, every package that it imports, directly or
 * through a package of the workspace, the backend's package, and the lock file. `folder` is that of the experiment.
 * `known` keeps the sources of packages between several calls.
 */
export function provenanceOf(folder: string, backend: string, known = new Map<string, Sources>()): Provenance {
  const files = filesOf(folder);
  const packages: Record<string, string> = {};
  const visit = (name: string, from: string, imports: ReadonlySet<string>) => {
    if (name in packages) return;
    const installed = installedAt(from, name);
    if (installed === undefined) return;
    const place = realpathSync(installed);
    const manifest = readPackageManifest(join(place, "package.json"));
    if (place.split(sep).includes("node_modules")) {
      packages[name] = manifest?.version ?? "";
      if (name.startsWith("@ansatz/")) for (const other of dependenciesOf(manifest)) visit(other, place, imports);
      return;
    }
    if (!imports.has(name)) return;
    const sources = sourcesIn(place, known);
    packages[name] = sources.hash;
    for (const other of dependenciesOf(manifest)) visit(other, place, sources.imports);
  };
  const own = importsOf(files.map((path) => join(folder, path)));
  const manifest = readPackageManifest(upward(folder, (above) => join(above, "package.json")));
  for (const name of dependenciesOf(manifest)) visit(name, folder, own);
  // The backend is looked for beside the experiment, then where the command runs, as when it is chosen.
  const place = [folder, process.cwd()].find((from) => installedAt(from, packageOf(backend)) !== undefined);
  if (backend !== "" && place !== undefined) visit(packageOf(backend), place, new Set([packageOf(backend)]));
  return {
    backend,
    packages: sorted(packages),
    sources: Object.fromEntries(files.map((path) => [path, hashOf(readFileSync(join(folder, path)))])),
    lock: lockOf(folder),
  };
}

/** The names of what differs between two provenances: packages, files, the backend. */
export function changesBetween(then: Provenance, now: Provenance): string[] {
  const parts = ({ backend, packages, sources, lock }: Provenance): Readonly<Record<string, string>> => ({
    ...sources,
    ...packages,
    ...lock,
    [`backend ${backend}`]: "",
  });
  const [before, after] = [parts(then), parts(now)];
  return Object.keys({ ...before, ...after }).filter((name) => before[name] !== after[name]);
}

function dependenciesOf(manifest: PackageManifest | undefined): string[] {
  return Object.keys({ ...manifest?.dependencies, ...manifest?.peerDependencies });
}

/** The sources of a workspace package: its folder `src`, or all of it if there is none. */
function sourcesIn(place: string, known: Map<string, Sources>): Sources {
  const cached = known.get(place);
  if (cached !== undefined) return cached;
  const root = existsSync(join(place, "src")) ? join(place, "src") : place;
  const paths = filesOf(root);
  const hashes = paths.map((path) => `${path} ${hashOf(readFileSync(join(root, path)))}`);
  const sources = { hash: hashOf(hashes.join("\n")), imports: importsOf(paths.map((path) => join(root, path))) };
  known.set(place, sources);
  return sources;
}

/** The code in a folder, as paths with slashes, in order. */
function filesOf(folder: string, within = folder): string[] {
  return readdirSync(within, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(within, entry.name);
      if (entry.isDirectory())
        return skipped.has(entry.name) || entry.name.startsWith(".") ? [] : filesOf(folder, path);
      const counts = entry.isFile() && code.test(entry.name) && !withoutEffect.test(entry.name);
      return counts ? [relative(folder, path).replaceAll(sep, "/")] : [];
    })
    .toSorted();
}

/** The packages that files import: `@ansatz/core` for `@ansatz/core/plugin`. */
function importsOf(paths: readonly string[]): Set<string> {
  const names = paths
    .filter((path) => !path.endsWith(".json"))
    .flatMap((path) => [...readFileSync(path, "utf8").matchAll(imported)].map(([, name]) => name!));
  return new Set(
    names.map((name) =>
      name
        .split("/")
        .slice(0, name.startsWith("@") ? 2 : 1)
        .join("/"),
    ),
  );
}

function lockOf(folder: string): Record<string, string> {
  const path = upward(
    folder,
    (above) => lockFiles.map((name) => join(above, name)).find((file) => existsSync(file)) ?? "",
  );
  return path === undefined ? {} : { [basename(path)]: hashOf(readFileSync(path)) };
}

function hashOf(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
