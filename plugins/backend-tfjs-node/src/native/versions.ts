/** A release as numbers: `12.5.3.2`; undefined for what is not final. */
export function release(version: string): readonly number[] | undefined {
  return /^\d+(\.\d+)*(\.post\d+)?$/.test(version) ? version.replace("post", "").split(".").map(Number) : undefined;
}

/** Negative where `a` is older than `b`. */
export function compare(a: readonly number[], b: readonly number[]): number {
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

/** Whether a release meets all of a requirement such as `<13.0,>=12.5.3.2` (PEP 440, without its wildcards). */
export function meets(version: readonly number[], requirement: string): boolean {
  return requirement.split(",").every((clause) => {
    const [, sign = "", bound = ""] = /^\s*(==|!=|>=|<=|>|<)\s*([\d.]+)\s*$/.exec(clause) ?? [];
    const [holds, limit] = [comparisons[sign], release(bound)];
    if (holds === undefined || limit === undefined)
      throw new RangeError(`the requirement "${clause}" is not understood`);
    return holds(compare(version, limit));
  });
}

/** A package that another needs, and in which versions. */
export interface Requirement {
  readonly project: string;
  readonly versions: string;
}

/** What a wheel's METADATA says that it needs for an extra, such as `and-cuda`. */
export function requirementsOf(metadata: string, extra: string): readonly Requirement[] {
  return metadata.split("\n").flatMap((line) => {
    const [, project, versions, marker] = /^Requires-Dist:\s*([\w.-]+)\s*\(?([^;)]*)\)?\s*;\s*(.*)$/.exec(line) ?? [];
    if (project === undefined || versions === undefined || !new RegExp(`extra == ["']${extra}["']`).test(marker ?? ""))
      return [];
    return [{ project, versions: versions.trim() }];
  });
}
