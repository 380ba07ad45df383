import type { Experiment } from "../experiment/experiment.ts";
import { UsageError } from "../settings.ts";

/** @throws UsageError if an experiment does not divide its batches among processes */
export function checkDivides({ dividesBatches }: Experiment, name = "the experiment"): void {
  if (dividesBatches) return;
  throw new UsageError(
    `${name} does not divide its batches, so several processes would all compute the same\n` +
      "  run it without --parallel, or let it use its communicator: docs/parallel.md shows how",
  );
}
