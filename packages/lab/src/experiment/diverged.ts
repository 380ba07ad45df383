import { AnsatzError } from "@ansatz/core";
import type { Metrics } from "../metrics.ts";

/** A run whose loss is NaN: it cannot learn any more. */
export class DivergedError extends AnsatzError {}

/** What a loss is called: `loss`, `validationLoss`. */
const loss = /(^l|L)oss$/;

/** @throws DivergedError if a loss is NaN */
export function checkLosses(metrics: Metrics, diagnosed: boolean): void {
  const name = Object.keys(metrics).find((metric) => loss.test(metric) && Number.isNaN(metrics[metric]));
  if (name === undefined) return;
  const look = diagnosed
    ? "the findings say where NaN appeared"
    : "--diagnose finds the op and the module that gave it";
  throw new DivergedError(
    `${name} is NaN at step ${metrics.step}\n` +
      `  ${look}; a lower learning rate often helps; an experiment in which this may happen has allowNaN: true`,
  );
}
