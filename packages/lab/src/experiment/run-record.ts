import { execFile } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { readJson, writeJson } from "../run-folder.ts";
import type { Experiment } from "./experiment.ts";
import type { SpentBudget } from "./budget.ts";
import type { Origin } from "./origin.ts";

/** `run.json`: what a run's numbers depend on besides its settings, and how to reproduce them. */
export interface RunRecord {
  readonly experiment: string;
  readonly question: string;
  readonly paper?: string;
  /** The experiment's file, or the working folder if the run was started from code. */
  readonly source: string;
  readonly seed: number;
  /** ISO 8601. */
  readonly started: string;
  readonly command: readonly string[];
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly memoryGiB: number;
  /** The versions of Ansatz's packages and of their dependencies. */
  readonly packages: Readonly<Record<string, string>>;
  /** The git commit, if there is one, and whether files other than results differ from it. */
  readonly commit?: string;
  readonly dirty?: boolean;
  readonly backend: string;
  /** The number of processes that shared each batch, if there were several. */
  readonly ranks?: number;
  /** The run whose parts this one started with, if there is one. */
  readonly from?: Origin;
  /** What was changed when the run was resumed. */
  readonly changes?: readonly RunChange[];
  /** Each time that a budget ended it. */
  readonly budgets?: readonly SpentBudget[];
}

/** A change that was made when a run was resumed: its numbers differ from those of a run that was never stopped. */
export interface RunChange {
  /** ISO 8601. */
  readonly time: string;
  /** The step after which it was made. */
  readonly step: number;
  /** The files of source that have changed. */
  readonly source?: readonly string[];
  /** The number of steps before and since. */
  readonly steps?: readonly [number, number];
  /** The result that the run had with the number of steps before. */
  readonly result?: Readonly<Record<string, unknown>>;
}

/** Adds a change to the record of the run in a folder. */
export async function recordChange(folder: string, change: Omit<RunChange, "time">): Promise<void> {
  const saved = (await readJson(folder, "run.json")) as RunRecord;
  const changes = [...(saved.changes ?? []), { time: new Date().toISOString(), ...change }];
  await writeJson(folder, "run.json", { ...saved, changes });
}

/**
 * Records the circumstances of a run that starts now. `source` is the experiment's file, or a folder of its package.
 */
export async function recordRun(
  experiment: Experiment,
  {
    name,
    seed,
    backend,
    source,
    ranks = 1,
  }: Pick<RunRecord, "seed" | "backend" | "source" | "ranks"> & {
    readonly name: string;
  },
): Promise<RunRecord> {
  const folder = statSync(source).isDirectory() ? source : dirname(source);
  return {
    experiment: name,
    question: experiment.question,
    ...(experiment.paper === undefined ? {} : { paper: experiment.paper }),
    source,
    seed,
    started: new Date().toISOString(),
    command: process.argv,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model ?? "unknown",
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    packages: packagesOf(folder),
    ...(await commitOf(folder)),
    backend,
    ...(ranks > 1 && { ranks }),
  };
}

/** What has changed since a run began and may change its numbers: one sentence for each change. */
export function changesSince(began: RunRecord, now: RunRecord): string[] {
  const versions = (record: RunRecord) => ({
    backend: record.backend,
    Node: record.node,
    platform: record.platform,
    "the number of ranks": `${record.ranks ?? 1}`,
    ...record.packages,
  });
  const [then, current]: readonly Readonly<Record<string, string | undefined>>[] = [versions(began), versions(now)];
  return Object.keys({ ...then, ...current })
    .filter((name) => then![name] !== current![name])
    .map(
      (name) =>
        `${name} was ${then![name] ?? "absent"} when this run began and is ${current![name] ?? "absent"} now: ` +
        "the numbers may differ from those of a run that was never stopped",
    );
}

/** The versions of a package's dependencies and, for Ansatz's own packages, of theirs. */
export function packagesOf(folder: string, found: Record<string, string> = {}): Record<string, string> {
  const manifest = readPackageManifest(nearestManifest(folder));
  for (const name of Object.keys({ ...manifest?.dependencies, ...manifest?.peerDependencies })) {
    const installed = installedAt(folder, name);
    const version = installed === undefined ? undefined : readPackageManifest(join(installed, "package.json"))?.version;
    if (installed === undefined || version === undefined || name in found) continue;
    found[name] = version;
    if (name.startsWith("@ansatz/")) packagesOf(installed, found);
  }
  return Object.fromEntries(Object.entries(found).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

export interface PackageManifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** A package.json, if it is there. */
export function readPackageManifest(path: string | undefined): PackageManifest | undefined {
  return path === undefined || !existsSync(path)
    ? undefined
    : (JSON.parse(readFileSync(path, "utf8")) as PackageManifest);
}

function nearestManifest(folder: string): string | undefined {
  return upward(folder, (above) => join(above, "package.json"));
}

/** The folder of a package as code in a folder would import it. */
export function installedAt(folder: string, name: string): string | undefined {
  const manifest = upward(folder, (above) => join(above, "node_modules", name, "package.json"));
  return manifest === undefined ? undefined : dirname(manifest);
}

/** The first path that exists, searching from a folder upwards. */
export function upward(folder: string, pathIn: (folder: string) => string): string | undefined {
  const path = pathIn(folder);
  if (existsSync(path)) return path;
  return dirname(folder) === folder ? undefined : upward(dirname(folder), pathIn);
}

/** What a reproduction writes: a run does not depend on it. */
const resultFiles = ["RESULTS.md", "results.json", "results.svg", "claims.svg", "experiments/README.md"];

async function commitOf(folder: string): Promise<{ commit?: string; dirty?: boolean }> {
  const git = async (...words: string[]): Promise<string> =>
    (await promisify(execFile)("git", words, { cwd: folder })).stdout.trim();
  try {
    const [commit, changes] = await Promise.all([
      git("rev-parse", "HEAD"),
      git("status", "--porcelain", "--", ":(top)", ...resultFiles.map((name) => `:(top,exclude,glob)**/${name}`)),
    ]);
    return { commit, dirty: changes !== "" };
  } catch {
    return {}; // no git, or no repository
  }
}
