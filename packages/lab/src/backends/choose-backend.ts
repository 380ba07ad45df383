import { relative } from "node:path";
import { BackendError } from "@ansatz/core";
import { nearest, type Backend } from "@ansatz/core/plugin";
import { typedAs } from "../command/typed-as.ts";
import { UsageError } from "../settings.ts";
import { createBackend, type BackendOptions } from "./create-backend.ts";
import {
  findBackend,
  installCommand,
  installedBackends,
  isShort,
  knownBackends,
  type InstalledBackend,
} from "./installed.ts";
import { measureAll } from "./measured.ts";
import type { Speed } from "./speed.ts";

/** A backend, and why it was chosen. */
export interface BackendChoice {
  readonly backend: Backend;
  /** What it was chosen by: a short name, the name of a package, or a path. */
  readonly name: string;
  readonly reason: string;
}

/** How long each backend is measured to find the fastest, in milliseconds. */
const milliseconds = 300;

/**
 * The backend of a name, among those that can be imported from one of these places.
 *
 * @throws UsageError if it is not installed; BackendError if it does not work
 */
export async function namedBackend(
  name: string,
  places: readonly string[],
  options: BackendOptions = {},
): Promise<Backend> {
  const installed = findBackend(name, places);
  if (installed !== undefined) return createBackend(installed, options);
  const unknown = isShort(name) && !knownBackends.includes(name);
  const guess = unknown ? nearest(name, knownBackends) : undefined;
  const mend =
    guess !== undefined
      ? `did you mean ${guess}?`
      : unknown
        ? `the backends are ${knownBackends.join(", ")}; for another one, give the name of its package`
        : `install it there: ${installCommand(name)}`;
  throw new UsageError(`the backend ${name} is not installed for ${placeOf(places)}\n  ${mend}`);
}

/**
 * The fastest backend that works here. Each installed backend is measured once, in its own process, with a small
 * training step.
 *
 * @throws UsageError if no backend is installed; BackendError if none works
 */
export async function fastestBackend(places: readonly string[], options: BackendOptions = {}): Promise<BackendChoice> {
  const installed = installedBackends(places);
  if (installed.length === 0)
    throw new UsageError(
      `no backend is installed for ${placeOf(places)}\n  install one there: ${installCommand("onnx")}`,
    );
  if (installed.length === 1)
    return {
      backend: await createBackend(installed[0]!, options),
      name: installed[0]!.name,
      reason: `${installed[0]!.name} is the only installed backend`,
    };
  const { ranked, broken } = await rank(installed);
  for (const [i, { backend, speed }] of ranked.entries()) {
    try {
      return {
        backend: await createBackend(backend, options),
        name: backend.name,
        reason: reasonOf(backend.name, speed, ranked.slice(i + 1), broken),
      };
    } catch (error) {
      broken.push({ name: backend.name, reason: (error as Error).message }); // it worked when it was measured earlier
    }
  }
  throw new BackendError(
    `no backend works for ${placeOf(places)}\n` +
      `  ${broken.map(({ name, reason }) => `${name}: ${reason}`).join("\n  ")}`,
  );
}

interface Ranked {
  readonly backend: InstalledBackend;
  readonly speed: Speed;
}

interface Broken {
  readonly name: string;
  readonly reason: string;
}

async function rank(installed: readonly InstalledBackend[]): Promise<{ ranked: Ranked[]; broken: Broken[] }> {
  const ranked: Ranked[] = [];
  const broken: Broken[] = [];
  for (const found of await measureAll(installed, { milliseconds, fresh: false })) {
    if (found.works) ranked.push({ backend: found, speed: found.speed });
    else broken.push({ name: found.name, reason: found.reason });
  }
  return { ranked: ranked.toSorted((a, b) => a.speed.stepMilliseconds - b.speed.stepMilliseconds), broken };
}

function reasonOf(name: string, speed: Speed, others: readonly Ranked[], broken: readonly Broken[]): string {
  const times = [
    `${showMilliseconds(speed.stepMilliseconds)} for a small training step`,
    ...others.map((other) => `${other.backend.name} takes ${showMilliseconds(other.speed.stepMilliseconds)}`),
  ];
  const failures = broken.map((other) => `${other.name} does not work (${typedAs("backends")} says why)`);
  return `${name} is the fastest backend here: ${[...times, ...failures].join(", ")}`;
}

/** A time in milliseconds, to two digits. */
export function showMilliseconds(value: number): string {
  return `${Number(value.toPrecision(2))} ms`;
}

function placeOf(places: readonly string[]): string {
  return relative("", places[0]!) || "this folder";
}
