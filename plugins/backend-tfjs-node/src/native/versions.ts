import { BackendError } from "@ansatz/core";

/** The numbers of a release such as `12.5.3.2`; undefined for a version that isn't final. */
export function parseRelease(version: string): readonly number[] | undefined {
  return /^\d+(\.\d+)*(\.post\d+)?$/.test(version) ? version.replace("post", "").split(".").map(Number) : undefined;
}

/** Compares two releases; negative if `a` is older than `b`. */
export function compareReleases(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  "==": (order) => order === 0,
  "!=": (order) => order !== 0,
  ">=": (order) => order >= 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  "<": (order) => order < 0,
};

/**
 * Whether a release meets every clause of a requirement such as `<13.0,>=12.5.3.2` (PEP 440, without wildcards).
 *
 * @throws BackendError for a clause that it cannot read
 */
export function meets(version: readonly number[], requirement: string): boolean {
  return requirement.split(",").every((clause) => {
    const [, sign = "", bound = ""] = /^\s*(==|!=|>=|<=|>|<)\s*([\d.]+)\s*$/.exec(clause) ?? [];
    const [holds, limit] = [comparisons[sign], parseRelease(bound)];
    if (holds === undefined || limit === undefined)
      throw new BackendError(
        `the requirement "${clause}" of a wheel cannot be read\n  try another version with --tensorflow`,
      );
    return holds(compareReleases(version, limit));
  });
}

/** A package that another one requires, and the versions that it accepts. */
export interface Requirement {
  readonly project: string;
  readonly versions: string;
}

/** The requirements that a wheel's METADATA lists for an extra, such as `and-cuda`. */
export function requirementsOf(metadata: string, extra: string): readonly Requirement[] {
  return metadata.split("\n").flatMap((line) => {
    const [, project, versions, marker] = /^Requires-Dist:\s*([\w.-]+)\s*\(?([^;)]*)\)?\s*;\s*(.*)$/.exec(line) ?? [];
    if (project === undefined || versions === undefined || !new RegExp(`extra == ["']${extra}["']`).test(marker ?? ""))
      return [];
    return [{ project, versions: versions.trim() }];
  });
}
