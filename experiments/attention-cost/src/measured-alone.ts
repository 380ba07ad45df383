import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { LayerOptions } from "./layers.ts";

export interface Measured {
  /** The peak resident memory of a process that only runs the training step. */
  readonly residentMiB: number;
  /** The fastest of a few steps. */
  readonly seconds: number;
  /** The distance to exact attention; see `errorOf`. */
  readonly error?: number;
}

const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** Runs a training step in a process of its own, which gives back all memory when it ends. */
export async function measuredAlone(options: LayerOptions): Promise<Measured> {
  const program = join(import.meta.dirname, "measure-process.ts");
  const words = ["--conditions=source", "--import", loader, program, JSON.stringify(options)];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return JSON.parse(stdout) as Measured;
}
