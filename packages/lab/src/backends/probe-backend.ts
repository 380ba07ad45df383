import { inOwnProcess } from "../own-process.ts";
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

/** What a probe examines, and for about how many milliseconds it measures. */
export interface ProbeInput extends Pick<InstalledBackend, "name" | "entry"> {
  readonly milliseconds: number;
}

/** The most time that a backend may take to start and be measured, in milliseconds. */
const timeout = 120_000;

/** The program, from source if this file is source. */
const probe = new URL(import.meta.url.endsWith(".ts") ? "./probe.ts" : "./backends/probe.js", import.meta.url);

/** Examines a backend in its own process, and measures it for about this many milliseconds. */
export async function probeBackend(
  { name, entry }: InstalledBackend,
  { milliseconds }: Pick<ProbeInput, "milliseconds">,
): Promise<ProbeResult> {
  const input: ProbeInput = { name, entry, milliseconds };
  return inOwnProcess<ProbeResult>(probe, input, { timeout }).catch(({ message }: Error) => {
    const [what, ...said] = message.split("\n");
    return { works: false, reason: (said.find((line) => /Error\b/.test(line)) ?? what!).trim() };
  });
}
