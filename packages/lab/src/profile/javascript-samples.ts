import { Session } from "node:inspector/promises";

/** A node of V8's profile: a function, and which it called. */
interface SampledFunction {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
}

/** What V8 wrote down: the function that ran at each sample, and the microseconds since the sample before. */
export interface SampledProfile {
  readonly nodes: readonly SampledFunction[];
  readonly samples?: readonly number[] | undefined;
  readonly timeDeltas?: readonly number[] | undefined;
}

/** Microseconds between samples. */
const interval = 200;

/** Samples what JavaScript does, with V8's own profiler. */
export class JavaScriptSampler {
  readonly #session = new Session();
  #started = false;

  /** Begins, unless it has begun. */
  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    this.#session.connect();
    await this.#session.post("Profiler.enable");
    await this.#session.post("Profiler.setSamplingInterval", { interval });
    await this.#session.post("Profiler.start");
  }

  /** Ends, and returns the milliseconds by package; none if it never began. */
  async stop(): Promise<ReadonlyMap<string, number>> {
    if (!this.#started) return new Map();
    this.#started = false;
    const { profile } = await this.#session.post("Profiler.stop");
    this.#session.disconnect();
    return millisecondsByPackage(profile);
  }
}

/** The milliseconds of each package of a profile. Time in native code, such as the engine's, is left out. */
export function millisecondsByPackage({
  nodes,
  samples = [],
  timeDeltas = [],
}: SampledProfile): ReadonlyMap<string, number> {
  const packages = new Map(nodes.map(({ id, callFrame }) => [id, packageOf(callFrame)]));
  const times = new Map<string, number>();
  for (const [i, sample] of samples.entries()) {
    const name = packages.get(sample);
    if (name !== undefined) times.set(name, (times.get(name) ?? 0) + (timeDeltas[i + 1] ?? 0) / 1_000);
  }
  return times;
}

/** The package of a function; core is split by its rooms. */
function packageOf({ functionName, url }: SampledFunction["callFrame"]): string | undefined {
  if (functionName === "(garbage collector)") return "garbage collection";
  if (url === "") return undefined;
  if (url.startsWith("node:")) return "Node";
  const installed = url.split("/node_modules/");
  if (installed.length > 1) return /^(?:@[^/]+\/)?[^/]+/.exec(installed.at(-1)!)![0];
  const [, kind, name, room] = /\/(packages|plugins|experiments)\/([^/]+)\/src\/(\w+)?/.exec(url) ?? [];
  if (kind === undefined || kind === "experiments") return "the experiment";
  return name === "core" ? `@ansatz/core, ${room}` : `@ansatz/${name}`;
}
