import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { BPTTOptions } from "./training.ts";

const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** The peak memory in MiB of a process that only runs backpropagation through an LSTM. */
export async function peakMemory(options: BPTTOptions): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--conditions=source",
    "--import",
    loader,
    join(import.meta.dirname, "peak-process.ts"),
    JSON.stringify(options),
  ]);
  return Number(stdout);
}
