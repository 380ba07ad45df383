/** The command in its own process, as the user types it. */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pathToFileURL } from "node:url";

const tsx = pathToFileURL(join(import.meta.dirname, "../../../../node_modules/tsx/dist/loader.mjs")).href;

/** How a command ended, and what it printed. */
export interface Outcome {
  readonly status: number;
  readonly output: string;
  readonly errors: string;
}

type Job = ChildProcessByStdio<null, Readable, Readable>;

/** Starts `ansatz` with these words in a folder, with a backend if `ANSATZ_BACKEND` shall name one. */
export function start(
  words: readonly string[],
  place: string | { readonly cwd: string; readonly backend: string },
): Job {
  const { cwd, backend } = typeof place === "string" ? { cwd: place, backend: undefined } : place;
  const env = { ...process.env, NODE_OPTIONS: "", npm_lifecycle_event: "npx" };
  return spawn(
    process.execPath,
    ["--import", tsx, "--conditions=source", join(import.meta.dirname, "index.ts"), ...words],
    { cwd, stdio: ["ignore", "pipe", "pipe"], env: { ...env, ...(backend && { ANSATZ_BACKEND: backend }) } },
  );
}

/** Waits until a job ends. */
export async function end(job: Job): Promise<Outcome> {
  let [output, errors] = ["", ""];
  job.stdout.on("data", (text: Buffer) => (output += text.toString()));
  job.stderr.on("data", (text: Buffer) => (errors += text.toString()));
  const [status] = (await once(job, "close")) as [number];
  return { status, output, errors };
}

/** Runs `ansatz` with these words. */
export async function ansatz(...of: Parameters<typeof start>): Promise<Outcome> {
  return end(start(...of));
}
