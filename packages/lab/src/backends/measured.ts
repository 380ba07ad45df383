import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { dirname, join } from "node:path";
import { upward } from "../experiment/run-record.ts";
import { Progress } from "../progress.ts";
import type { InstalledBackend } from "./installed.ts";
import { probeBackend, type ProbeResult } from "./probe-backend.ts";

export interface MeasureOptions {
  /** How long each backend is measured. */
  readonly milliseconds: number;
  /** Whether to measure again what was measured earlier. */
  readonly fresh: boolean;
}

type ProbeResults = Readonly<Record<string, ProbeResult>>;

/** Measures backends one after the other, or reads what was measured earlier; a terminal shows the progress. */
export async function measureAll(
  installed: readonly InstalledBackend[],
  options: MeasureOptions,
): Promise<(InstalledBackend & ProbeResult)[]> {
  const progress = new Progress(installed.length, { unit: "backend", output: process.stderr });
  const found: (InstalledBackend & ProbeResult)[] = [];
  for (const [i, backend] of installed.entries()) {
    if (process.stderr.isTTY) progress.update(i, { measuring: backend.name });
    found.push({ ...backend, ...(await measured(backend, options)) });
  }
  if (process.stderr.isTTY) process.stderr.write("\r\u001B[2K");
  return found;
}

/**
 * The speed of a backend on this machine, from an earlier measurement or measured now. A backend that does not work is
 * tried again each time, because it may have been fixed.
 */
export async function measured(installed: InstalledBackend, options: MeasureOptions): Promise<ProbeResult> {
  const file = fileBeside(installed);
  const key = [
    `${installed.package}@${installed.version}`,
    installed.entry,
    process.version,
    cpus()[0]?.model,
    availableParallelism(),
  ].join(" ");
  const before = read(file);
  const known = before[key];
  if (known?.works === true && !options.fresh) return known;
  const result = await probeBackend(installed, options);
  if (result.works) write(file, { ...read(file), [key]: result });
  return result;
}

/** A file in the cache of the nearest node_modules. */
function fileBeside({ entry }: InstalledBackend): string | undefined {
  const modules = upward(dirname(entry), (above) => join(above, "node_modules"));
  return modules === undefined ? undefined : join(modules, ".cache/ansatz/backends.json");
}

function read(file: string | undefined): ProbeResults {
  if (file === undefined) return {};
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ProbeResults;
  } catch {
    return {}; // not there yet, or damaged
  }
}

/** If the file cannot be written, backends are measured again next time. */
function write(file: string | undefined, results: ProbeResults): void {
  if (file === undefined) return;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(results, null, 2));
  } catch {}
}
