import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { findBackend, isPackageName, packageOf } from "../backends/installed.ts";
import { installedAt, readPackageManifest, upward, type PackageManifest } from "./run-record.ts";

/** The code that an experiment's results depend on. If one of its hashes is another one, the results are stale. */
export interface Provenance {
  /** The name or path of the backend. Its package, or the files of a path, are among the packages. */
  readonly backend: string;
  /**
   * The hash of each workspace package that is imported, also by another package, and the versions of each other
   * package on which these depend, directly or not. Of a package that was built, it is the build if that is imported,
   * else the sources.
   */
  readonly packages: Readonly<Record<string, string>>;
  /** The hash of each of the experiment's own files. */
  readonly sources: Readonly<Record<string, string>>;
}

/** Folders that hold nothing that a result depends on. Those whose names begin with a dot are left out, too. */
const skipped = new Set(["node_modules", "dist", "runs"]);
/** Tests, and settings of the type checker. */
const withoutEffect = /\.test\.[cm]?[jt]sx?$|^tsconfig.*\.json$/;
/** At the top of a folder: what a reproduction writes, texts, and package.json, which counts by what is imported. */
const withoutEffectAtTop = /^(RESULTS|README|CHANGELOG)\.md$|^LICENSE$|^results\.(json|svg)$|^package\.json$/;
const code = /\.[cm]?[jt]sx?$/;
const imported = /\b(?:from|import)\s*\(?\s*["']([^"'\n]+)["']/g;

/** A package as the files in its sources say. */
interface Sources {
  readonly hash: string;
  readonly imports: ReadonlySet<string>;
}

/**
 * What an experiment's results depend on, as it is now: its own files, every package that it imports, directly or
 * through a package of the workspace, the backend's package, and all on which these depend. `folder` is that of the
 * experiment. `known` keeps the sources of packages between several calls.
 */
export function provenanceOf(folder: string, backend: string, known = new Map<string, Sources>()): Provenance {
  const files = filesOf(folder);
  const packages: Record<string, string> = {};
  const visited = new Set<string>();
  const visit = (name: string, from: string, imports: ReadonlySet<string>) => {
    const installed = installedAt(from, name);
    if (installed === undefined) return;
    const place = realpathSync(installed);
    const inWorkspace = !place.split(sep).includes("node_modules");
    if (visited.has(place) || (inWorkspace && !imports.has(name))) return;
    visited.add(place);
    const manifest = readPackageManifest(join(place, "package.json"));
    const sources = inWorkspace ? sourcesIn(placeOfCode(place, name, from), known) : undefined;
    // Several versions of one package may be installed.
    const versions = new Set([...(packages[name]?.split(" ") ?? []), manifest?.version ?? ""]);
    packages[name] = sources?.hash ?? [...versions].toSorted().join(" ");
    for (const other of dependenciesOf(manifest)) visit(other, place, sources?.imports ?? imports);
  };
  const own = importsOf(files.map((path) => join(folder, path)));
  const manifest = readPackageManifest(upward(folder, (above) => join(above, "package.json")));
  for (const name of dependenciesOf(manifest)) visit(name, folder, own);
  // The backend is looked for beside the experiment, then where the command runs, as when it is chosen.
  const places = [folder, process.cwd()];
  const place = places.find((from) => installedAt(from, packageOf(backend)) !== undefined);
  if (isPackageName(backend)) {
    if (place !== undefined) visit(packageOf(backend), place, new Set([packageOf(backend)]));
  } else if (backend !== "") {
    const entry = findBackend(backend, places)?.entry;
    const paths = entry === undefined ? [] : reachedFrom(entry);
    packages[backend] = hashOf(paths.map((path) => hashOf(readFileSync(path))).join("\n"));
    for (const name of importsOf(paths)) visit(name, dirname(entry!), new Set([name]));
  }
  return {
    backend,
    packages: sorted(packages),
    sources: Object.fromEntries(files.map((path) => [path, hashOf(readFileSync(join(folder, path)))])),
  };
}

/** The names of what differs between two provenances: packages, files, the backend. */
export function changesBetween(then: Provenance, now: Provenance): string[] {
  const parts = ({ backend, packages, sources }: Provenance): Readonly<Record<string, string>> => ({
    ...sources,
    ...packages,
    [`backend ${backend}`]: "",
  });
  const [before, after] = [parts(then), parts(now)];
  return Object.keys({ ...before, ...after }).filter((name) => before[name] !== after[name]);
}

function dependenciesOf(manifest: PackageManifest | undefined): string[] {
  return Object.keys({ ...manifest?.dependencies, ...manifest?.peerDependencies });
}

/**
 * The folder with the code of a workspace package: `dist` if an import leads there, else `src`, or the whole package if
 * there is none. An import leads to `dist` unless Node was started with the condition `source`.
 */
function placeOfCode(place: string, name: string, from: string): string {
  const dist = join(place, "dist");
  try {
    if (realpathSync(createRequire(join(from, "_")).resolve(name)).startsWith(dist + sep)) return dist;
  } catch {
    // nothing is built, or the package has no entry of its own
  }
  return existsSync(join(place, "src")) ? join(place, "src") : place;
}

/** A file and those that it imports by relative paths, directly or not. */
function reachedFrom(file: string, reached = new Set<string>()): string[] {
  if (!reached.has(file)) {
    reached.add(file);
    for (const [, name] of code.test(file) ? readFileSync(file, "utf8").matchAll(imported) : []) {
      const other = resolve(dirname(file), name!);
      if (name!.startsWith(".") && statSync(other, { throwIfNoEntry: false })?.isFile() === true)
        reachedFrom(other, reached);
    }
  }
  return [...reached];
}

function sourcesIn(root: string, known: Map<string, Sources>): Sources {
  const cached = known.get(root);
  if (cached !== undefined) return cached;
  const paths = filesOf(root);
  const hashes = paths.map((path) => `${path} ${hashOf(readFileSync(join(root, path)))}`);
  const sources = { hash: hashOf(hashes.join("\n")), imports: importsOf(paths.map((path) => join(root, path))) };
  known.set(root, sources);
  return sources;
}

/** The files in a folder that a result may depend on, as paths with slashes, in order. */
function filesOf(folder: string, within = folder): string[] {
  return readdirSync(within, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(within, entry.name);
      if (entry.name.startsWith(".")) return [];
      if (entry.isDirectory()) return skipped.has(entry.name) ? [] : filesOf(folder, path);
      const atTop = within === folder && withoutEffectAtTop.test(entry.name);
      const counts = entry.isFile() && !atTop && !withoutEffect.test(entry.name);
      return counts ? [relative(folder, path).replaceAll(sep, "/")] : [];
    })
    .toSorted();
}

/** The packages that files import: `@ansatz/core` for `@ansatz/core/plugin`. */
function importsOf(paths: readonly string[]): Set<string> {
  const names = paths
    .filter((path) => code.test(path))
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

function hashOf(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
