import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { InstalledBackend } from "./installed.ts";
import type { OpKind } from "./op-kinds.ts";
import type { Speed } from "./speed.ts";

/** What a probe learned about a backend: its device and its speed, or why it does not work. */
export type ProbeResult =
  | {
      readonly works: true;
      readonly device: string;
      readonly ops: Readonly<Record<OpKind, number>>;
      readonly speed: Speed;
    }
  | { readonly works: false; readonly reason: string };

/** The most time that a backend may take to start and be measured, in milliseconds. */
const patience = 120_000;

/** The words that start `probe` in its own process: from source if this file is source. */
function probeWords(): string[] {
  if (!import.meta.url.endsWith(".ts")) return [fileURLToPath(new URL("./backends/probe.js", import.meta.url))];
  const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  return ["--conditions=source", "--import", loader, fileURLToPath(new URL("./probe.ts", import.meta.url))];
}

/** Examines a backend in its own process, and measures it for about this many milliseconds. */
export async function probeBackend(
  { name, entry }: InstalledBackend,
  { milliseconds }: { readonly milliseconds: number },
): Promise<ProbeResult> {
  const child = spawn(process.execPath, [...probeWords(), name, entry, milliseconds.toString()], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: patience,
  });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => (said[stream] += text));
  const [status, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  const last = said.stdout.trimEnd().split("\n").at(-1) ?? "";
  if (status === 0 && last.startsWith("{")) return JSON.parse(last) as ProbeResult;
  const error = said.stderr.split("\n").find((line) => /Error\b/.test(line));
  const ending = signal === null ? `with status ${status}` : `by ${signal}`;
  return { works: false, reason: `its process ended ${ending}${error === undefined ? "" : `: ${error.trim()}`}` };
}
