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
const withoutEffectAtTop =
  /^(RESULTS|README|CHANGELOG)\.md$|^LICENSE$|^results\.(json|svg)$|^claims\.svg$|^package\.json$/;
const code = /\.[cm]?[jt]sx?$/;
const imported = /\b(?:from|import)\s*\(?\s*["']([^"'\n]+)["']/g;

/** A package as the files in its sources say. */
interface Sources {
  /** The hash of each file, by its path in the package. */
  readonly files: Readonly<Record<string, string>>;
  readonly imports: ReadonlySet<string>;
}

/** A package that code needs; it has sources if it is one of the workspace. */
interface NeededPackage {
  readonly name: string;
  readonly version: string;
  readonly sources: Sources | undefined;
}

/**
 * What an experiment's results depend on, as it is now: its own files, every package that it imports, directly or
 * through a package of the workspace, the backend's package, and all on which these depend. `folder` is that of the
 * experiment. `known` keeps the sources of packages between several calls.
 */
export function provenanceOf(folder: string, backend: string, known = new Map<string, Sources>()): Provenance {
  const files = filesOf(folder);
  const manifest = readPackageManifest(upward(folder, (above) => join(above, "package.json")));
  const imports = importsOf(files.map((path) => join(folder, path)));
  const packages: Record<string, string> = {};
  for (const { name, version, sources } of packagesFor(folder, dependenciesOf(manifest), imports, backend, known)) {
    // Several versions of one package may be installed.
    const versions = new Set([...(packages[name]?.split(" ") ?? []), version]);
    packages[name] = sources === undefined ? [...versions].toSorted().join(" ") : hashOfAll(sources.files);
  }
  const own = ownBackend(folder, backend);
  if (own !== undefined) packages[backend] = hashOf(own.map((path) => hashOf(readFileSync(path))).join("\n"));
  return { backend, packages: sorted(packages), sources: hashesIn(folder, files) };
}

/**
 * The hash of each file of source that a run of an experiment's file needs: those that it imports by relative paths,
 * directly or not, by their paths beside it, and those of packages of the workspace, as `@ansatz/nn/layers/linear.ts`.
 */
export function sourcesOf(file: string, backend: string): Record<string, string> {
  const [folder, own] = [dirname(file), reachedFrom(file)];
  const imports = importsOf(own);
  const files = hashesIn(folder, [
    ...own.map((path) => relative(folder, path)),
    ...(ownBackend(folder, backend)?.map((path) => relative(folder, path)) ?? []),
  ]);
  for (const { name, sources } of packagesFor(folder, [...imports], imports, backend))
    for (const [path, hash] of Object.entries(sources?.files ?? {})) files[`${name}/${path}`] = hash;
  // Half of each hash is enough here: a run has hundreds of files.
  return sorted(Object.fromEntries(Object.entries(files).map(([path, hash]) => [path, hash.slice(0, 32)])));
}

/**
 * The packages that code in a folder needs: those of `names` that it imports or that are installed, the backend's, and
 * all on which these depend.
 */
function packagesFor(
  folder: string,
  names: readonly string[],
  own: ReadonlySet<string>,
  backend: string,
  known = new Map<string, Sources>(),
): NeededPackage[] {
  const found: NeededPackage[] = [];
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
    found.push({ name, version: manifest?.version ?? "", sources });
    for (const other of dependenciesOf(manifest)) visit(other, place, sources?.imports ?? imports);
  };
  for (const name of names) visit(name, folder, own);
  const paths = ownBackend(folder, backend);
  if (paths !== undefined) for (const name of importsOf(paths)) visit(name, dirname(paths[0]!), new Set([name]));
  else if (isPackageName(backend)) {
    const name = packageOf(backend);
    const place = placesOf(folder).find((from) => installedAt(from, name) !== undefined);
    if (place !== undefined) visit(name, place, new Set([name]));
  }
  return found;
}

/** A backend is looked for beside the experiment, then where the command runs, as when it is chosen. */
function placesOf(folder: string): string[] {
  return [folder, process.cwd()];
}

/** The files of a backend that is named by a path: its entry first. Undefined for a package. */
function ownBackend(folder: string, backend: string): string[] | undefined {
  if (backend === "" || isPackageName(backend)) return undefined;
  const entry = findBackend(backend, placesOf(folder))?.entry;
  return entry === undefined ? [] : reachedFrom(entry);
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

const quietly = { throwIfNoEntry: false } as const;

/** A file and those that it imports by relative paths, directly or not. `./a.js` may stand for a.ts. */
function reachedFrom(file: string, reached = new Set<string>()): string[] {
  if (!reached.has(file)) {
    reached.add(file);
    for (const [, name] of code.test(file) ? readFileSync(file, "utf8").matchAll(imported) : []) {
      const path = resolve(dirname(file), name!);
      const other = [path, path.replace(/\.js$/, ".ts")].find((one) => statSync(one, quietly)?.isFile() === true);
      if (name!.startsWith(".") && other !== undefined) reachedFrom(other, reached);
    }
  }
  return [...reached];
}

function sourcesIn(root: string, known: Map<string, Sources>): Sources {
  const cached = known.get(root);
  if (cached !== undefined) return cached;
  const paths = filesOf(root);
  const sources = { files: hashesIn(root, paths), imports: importsOf(paths.map((path) => join(root, path))) };
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

/** The hash of each file. */
function hashesIn(folder: string, paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(paths.map((path) => [path.replaceAll(sep, "/"), hashOf(readFileSync(join(folder, path)))]));
}

/** One hash of many files. */
function hashOfAll(files: Readonly<Record<string, string>>): string {
  return hashOf(
    Object.entries(files)
      .map((entry) => entry.join(" "))
      .join("\n"),
  );
}

function hashOf(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
