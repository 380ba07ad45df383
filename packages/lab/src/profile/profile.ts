import type { Graph, KernelTime, ProgramProfile } from "@ansatz/core/plugin";
import type { NodePlace, NodePlaces } from "./node-places.ts";

/** The parts of a step, which add up to the whole. All times are milliseconds in a step. */
export interface StepParts {
  /** Recording and planning the graph, and all other work in JavaScript: batches, metrics, the loop. */
  readonly tracing: number;
  /** Uploads, downloads, and handing buffers to the engine. */
  readonly feeding: number;
  /** The engine's own time: its kernels and what is between them. */
  readonly session: number;
  /** Updates in place, outside the engine. */
  readonly update: number;
}

/** What one kernel takes in a step. */
export interface ProfiledKernel extends Partial<NodePlace> {
  /** The op of core; undefined if the engine inserted the kernel. */
  readonly op: string | undefined;
  readonly kernel: string;
  readonly shapes: string | undefined;
  /** How often it runs in a step. */
  readonly count: number;
  readonly milliseconds: number;
  /** What it writes in a step. */
  readonly bytes: number;
  /** The most that the engine has in memory when it ends; undefined if the backend does not tell. */
  readonly liveBytes?: number;
  /** The floating-point operations of products and convolutions in a step; undefined for other kernels. */
  readonly productOperations?: number;
}

/** Where the time of a training step goes. */
export interface Profile {
  readonly experiment: string;
  readonly backend: string;
  readonly device: string | undefined;
  /** How many steps were measured. */
  readonly steps: number;
  /** The time of a step: the mean. */
  readonly milliseconds: number;
  readonly parts: StepParts;
  /** What runs in JavaScript, by package: a part of tracing, feeding and update. */
  readonly javascript: readonly { readonly name: string; readonly milliseconds: number }[];
  /** Compiling, over all steps, also those that were not measured. */
  readonly compiling: number;
  /** The largest resident memory of the process, in bytes. */
  readonly peakMemory: number;
  /** Empty if the backend does not measure kernels. */
  readonly kernels: readonly ProfiledKernel[];
}

/** What was measured in some steps, in milliseconds in all. */
export interface MeasuredSteps {
  readonly steps: number;
  readonly elapsed: number;
  readonly compiling: number;
  readonly moving: number;
  readonly running: number;
  /** How often each program ran in these steps. */
  readonly runs: ReadonlyMap<Graph, number>;
}

/** The parts of a step and its kernels. Programs that did not run in the measured steps are left out. */
export function summarizeSteps(
  { steps, elapsed, compiling, moving, running, runs }: MeasuredSteps,
  programs: readonly ProgramProfile[],
  places: Pick<NodePlaces, "placeOf">,
): Pick<Profile, "milliseconds" | "parts" | "kernels"> {
  let [session, update] = [0, 0];
  const kernels: ProfiledKernel[] = [];
  for (const { graph, runs: measured, engineMilliseconds, updateMilliseconds, kernels: own } of programs) {
    if (measured === 0) continue;
    const perStep = (runs.get(graph) ?? 0) / measured / steps;
    if (perStep === 0) continue;
    session += engineMilliseconds * perStep;
    update += updateMilliseconds * perStep;
    kernels.push(...own.map((kernel) => inAStep(kernel, perStep, places)));
  }
  const milliseconds = elapsed / steps;
  // The programs' own figures leave out other runs than these steps, so they may disagree by a little.
  const ran = running / steps;
  if (programs.length === 0) session = ran;
  const fed = Math.max(0, ran - session - update);
  const feeding = moving / steps + fed;
  const tracing = Math.max(0, milliseconds - feeding - session - update - compiling / steps);
  return { milliseconds, parts: { tracing, feeding, session, update }, kernels };
}

function inAStep(
  { kernel, shapes, node, count, milliseconds, bytes, liveBytes, productOperations }: KernelTime,
  perStep: number,
  places: Pick<NodePlaces, "placeOf">,
): ProfiledKernel {
  return {
    op: node?.op,
    kernel,
    shapes,
    ...(node && places.placeOf(node)),
    count: count * perStep,
    milliseconds: milliseconds * perStep,
    bytes: bytes * perStep,
    ...(liveBytes !== undefined && { liveBytes }),
    ...(productOperations !== undefined && { productOperations: productOperations * perStep }),
  };
}

/** Kernels that are alike in one respect, together. */
export interface KernelGroup {
  readonly name: string;
  readonly milliseconds: number;
  readonly backwardMilliseconds: number;
  readonly count: number;
  readonly bytes: number;
  /** The most that the engine has in memory when one of them ends. */
  readonly liveBytes: number;
}

/** Groups kernels by a name; the group that takes longest comes first. */
export function groupKernels(
  kernels: readonly ProfiledKernel[],
  nameOf: (kernel: ProfiledKernel) => string,
): KernelGroup[] {
  const groups = new Map<string, { -readonly [Name in keyof KernelGroup]: KernelGroup[Name] }>();
  for (const kernel of kernels) {
    const name = nameOf(kernel);
    let group = groups.get(name);
    if (group === undefined)
      groups.set(name, (group = { name, milliseconds: 0, backwardMilliseconds: 0, count: 0, bytes: 0, liveBytes: 0 }));
    group.milliseconds += kernel.milliseconds;
    if (kernel.pass === "backward") group.backwardMilliseconds += kernel.milliseconds;
    group.count += kernel.count;
    group.bytes += kernel.bytes;
    group.liveBytes = Math.max(group.liveBytes, kernel.liveBytes ?? 0);
  }
  return [...groups.values()].toSorted((a, b) => b.milliseconds - a.milliseconds);
}

export const outsideModules = "outside all modules";

/** The ways to group kernels that are shown. */
export const groupings: Readonly<Record<string, (kernel: ProfiledKernel) => string>> = {
  module: ({ module }) => (module === undefined ? outsideModules : module || "the model itself"),
  op: ({ op }) => op ?? "inserted by the engine",
  kernel: ({ kernel, shapes }) => (shapes === undefined ? kernel : `${kernel} ${shapes}`),
};
