import type { Module } from "@ansatz/core";
import { isModule } from "@ansatz/core/plugin";
import type { Parts } from "../checkpoint.ts";
import { Diagnosis } from "./diagnosis.ts";
import { HistogramLog } from "./histogram-log.ts";

export interface RunObserverOptions {
  /** Whether to look for common problems. */
  readonly diagnose: boolean;
  /** Steps between histograms; 0 for none. */
  readonly histograms: number;
  /** The current step. */
  readonly step: () => number;
}

/** Observes a run's training loop on request: `--diagnose` and `--histograms`. */
export class RunObserver {
  readonly #folder: string;
  readonly #options: RunObserverOptions;
  #diagnosis: Diagnosis | undefined;
  #histograms: HistogramLog | undefined;

  constructor(folder: string, options: RunObserverOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /** Called when the loop begins: from now on the models among its parts are observed. */
  begin(parts: Parts): void {
    const { diagnose, histograms, step } = this.#options;
    const model = Object.fromEntries(
      Object.entries(parts).filter((part): part is [string, Module] => isModule(part[1])),
    );
    if (diagnose) this.#diagnosis = new Diagnosis({ model, folder: this.#folder });
    if (histograms > 0) this.#histograms = new HistogramLog({ model, folder: this.#folder, every: histograms, step });
  }

  /** Takes the metrics of a step; returns the new findings as lines of text. @throws WriteError */
  observe(metrics: Readonly<Record<string, number>> & { readonly step: number }): string[] {
    const { step, loss, validationLoss } = metrics;
    const findings =
      this.#diagnosis?.observe({
        step,
        ...(loss === undefined ? {} : { loss }),
        ...(validationLoss === undefined ? {} : { validationLoss }),
      }) ?? [];
    return findings.map(
      ({ kind, where, message, advice }) =>
        `${kind} at step ${step}${where === undefined ? "" : `, in ${where}`}: ${message}\n  ${advice}`,
    );
  }

  [Symbol.dispose](): void {
    this.#diagnosis?.[Symbol.dispose]();
    this.#histograms?.[Symbol.dispose]();
  }
}
