import { existsSync } from "node:fs";
import { join } from "node:path";
import { RunError } from "../run-folder.ts";
import { readPlain } from "../read-plain.ts";
import { runFiles } from "../report/recorded-run.ts";
import { isJsonObject, parseObject, type JsonObject } from "../view/parse-lines.ts";
import { checkpointDifference, type CheckpointDifference } from "./checkpoint-difference.ts";
import { loggedDifference, type LoggedDifference } from "./logged-lines.ts";

/** A named value that differs in two runs; "absent" where a run lacks it. */
export interface NamedDifference {
  readonly name: string;
  readonly values: readonly [string, string];
}

/** How two runs differ: in what they depend on, and in their numbers. */
export interface RunDifference {
  readonly runs: readonly [string, string];
  readonly settings: readonly NamedDifference[];
  /** The files of source with another hash. */
  readonly source: readonly string[];
  /** Experiment, backend, Node, platform, processor, and versions of packages. */
  readonly environment: readonly NamedDifference[];
  /** Where what they logged parts; null if it is the same. */
  readonly logged: LoggedDifference | null;
  readonly checkpoints: CheckpointDifference;
  readonly result: readonly NamedDifference[];
  /** Whether all numbers are equal bit for bit: what they logged, common checkpoints, and results. */
  readonly equal: boolean;
}

/**
 * Finds the first step and tensor at which two runs part: bit for bit, except for metrics of speed, and metrics,
 * figures of results and values of checkpoints that are `ignored`.
 *
 * @throws RunError for a folder that isn't that of a run; CheckpointError for a damaged checkpoint
 * @example await diffRuns(["runs/none/1", "runs/none/2"])  // throws
 */
export async function diffRuns(
  runs: readonly [string, string],
  { ignored = [] }: { readonly ignored?: readonly string[] } = {},
): Promise<RunDifference> {
  for (const folder of runs)
    if (!runFiles.some((file) => existsSync(join(folder, file))))
      throw new RunError(`${folder} isn't the folder of a run\n  name a folder such as runs/EXPERIMENT/1`);
  const both = (file: string) => runs.map((folder) => parseObject(readPlain(join(folder, file))) ?? {});
  const source = differing(both("source.json")).map(({ name }) => name);
  const logged = loggedDifference(runs, ignored) ?? null;
  const checkpoints = await checkpointDifference(runs, ignored);
  const result = differing(both("result.json")).filter(({ name }) => !ignored.includes(name));
  return {
    runs,
    settings: differing(both("settings.json")),
    source,
    environment: differing(both("run.json").map(environmentOf)),
    logged,
    checkpoints,
    result,
    equal: logged === null && checkpoints.parts === null && result.length === 0,
  };
}

function environmentOf({ experiment, backend, node, platform, cpu, packages }: JsonObject): JsonObject {
  return { experiment, backend, node, platform, cpu, ...(isJsonObject(packages) ? packages : {}) };
}

function differing(values: readonly JsonObject[]): NamedDifference[] {
  const [a = {}, b = {}] = values;
  const text = (value: unknown) => (value === undefined ? "absent" : String(value));
  return Object.keys({ ...a, ...b })
    .filter((name) => text(a[name]) !== text(b[name]))
    .map((name) => ({ name, values: [text(a[name]), text(b[name])] }));
}
