import type { Schedule } from "@ansatz/core";
import { constant, cosine, cyclic, linear, warmup } from "@ansatz/optim";

export interface ScheduleOptions {
  readonly peak: number;
  /** The smallest rate after the warm-up, as a share of the peak. */
  readonly floor: number;
  readonly steps: number;
  readonly warmupSteps: number;
  /** How often a cyclic rate rises and falls. */
  readonly cycles: number;
}

/** The schedules to compare, as functions of their peak and length. */
export const schedules: Readonly<Record<string, (options: ScheduleOptions) => Schedule>> = {
  constant: ({ peak }) => constant(peak),
  warmup: ({ peak, warmupSteps }) => warmup(warmupSteps, constant(peak)),
  cosine: ({ peak, floor, steps, warmupSteps }) =>
    warmup(warmupSteps, cosine(peak, Math.max(1, steps - warmupSteps), { floor: floor * peak })),
  linear: ({ peak, floor, steps, warmupSteps }) =>
    warmup(warmupSteps, linear(peak, floor * peak, Math.max(1, steps - warmupSteps))),
  cyclic: ({ peak, floor, steps, cycles }) => cyclic(floor * peak, peak, Math.max(1, Math.floor(steps / cycles / 2))),
};
