import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

export interface CostOptions {
  readonly window: number;
  readonly streams: number;
  readonly width: number;
  readonly seed: number;
}

/** What a window costs, if gradients are computed window by window, so that each can be forgotten before the next. */
export interface Cost {
  /** The peak resident memory of a process that does nothing else. */
  readonly peakMiB: number;
  /** For forward and backward passes: the fastest of some windows. */
  readonly microsecondsPerCharacter: number;
}

const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** Measures in a process of its own. */
export async function costOf(options: CostOptions): Promise<Cost> {
  const program = join(import.meta.dirname, "cost-process.ts");
  const words = ["--conditions=source", "--import", loader, program, JSON.stringify(options)];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return JSON.parse(stdout) as Cost;
}
