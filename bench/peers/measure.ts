import { ArgumentError } from "@ansatz/core";
import { peakMemory } from "@ansatz/lab";
import { summarize } from "../measurement.ts";

/** A step of a peer. It ends when its loss has been read. */
export type PeerStep = () => Promise<unknown>;

/** Measures a step of a peer and prints the result as JSON, as run-work.ts does. Then the process exits. */
export async function measure(
  { work, engine, version }: { readonly work: string; readonly engine: string; readonly version: string },
  steps: number,
  works: Readonly<Record<string, () => PeerStep>>,
): Promise<never> {
  if (!Object.hasOwn(works, work))
    throw new ArgumentError(`${engine} has no workload "${work}"\n  use ${Object.keys(works).join(" or ")}`);
  const step = works[work]!();
  const times: number[] = [];
  for (let i = 0; i < steps; i++) {
    const started = performance.now();
    await step();
    times.push(performance.now() - started);
  }
  console.log(JSON.stringify(summarize(work, engine, version, times, peakMemory() / 2 ** 20)));
  process.exit(); // even if threads still run
}
