import { ArgumentError } from "@ansatz/core";
import type { Point } from "./space.ts";

/** What a trial had reached: the share of its steps that it had made, and the figure there. The lower, the better. */
export interface Measurement {
  readonly share: number;
  readonly value: number;
}

/** A trial as it is told to a search: a point, how far it is, and what was measured there. */
export interface Trial {
  readonly point: Point;
  /** `paused`: it has reached its share and may go on; `ended`: it will not go on. */
  readonly state: "running" | "paused" | "ended" | "failed";
  /** The share of its steps that it was last asked to reach. */
  readonly share: number;
  /** The measurements, in their order. A run that has ended has one of share 1. */
  readonly measured: readonly Measurement[];
}

/** What a search asks for: a trial is to reach a share of its steps. */
export interface Job {
  /** The number of the trial, from 0; a new trial has the next number. */
  readonly trial: number;
  readonly point: Point;
  readonly share: number;
}

/**
 * What to do next, given all trials so far: a job, "wait" if that depends on trials that are running, or undefined if
 * the search is over.
 *
 * A search keeps nothing: it may be asked again with the same trials, also in another process, and gives the same
 * answer.
 */
export type Search = (trials: readonly Trial[]) => Job | "wait" | undefined;

/** The figure that a trial ended with; Infinity if it failed or isn't a number, undefined if it hasn't ended. */
export function finalValue({ state, measured }: Trial): number | undefined {
  if (state === "failed") return Infinity;
  if (state !== "ended") return undefined;
  const value = measured.at(-1)?.value ?? Infinity;
  return Number.isNaN(value) ? Infinity : value;
}

/** @throws ArgumentError unless a number is whole and not below the least */
export function checkWhole(what: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw new ArgumentError(`search: ${what} is ${value}\n  use a whole number, ${least} or more`);
}
