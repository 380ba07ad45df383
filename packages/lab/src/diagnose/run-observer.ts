import type { Module } from "@ansatz/core";
import { isModule } from "@ansatz/core/plugin";
import type { Parts } from "../checkpoint.ts";
import { Diagnosis } from "./diagnosis.ts";
import { HistogramLog } from "./histogram-log.ts";

export interface RunObserverOptions {
  /** Whether it is watched for what goes wrong. */
  readonly diagnose: boolean;
  /** How many steps lie between histograms; 0 for none. */
  readonly histograms: number;
  /** Which step is under way. */
  readonly step: () => number;
}

/** What looks at a run's training loop on request: `--diagnose` and `--histograms`. */
export class RunObserver {
  readonly #folder: string;
  readonly #options: RunObserverOptions;
  #diagnosis: Diagnosis | undefined;
  #histograms: HistogramLog | undefined;

  constructor(folder: string, options: RunObserverOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /** The loop begins, with these parts: from now on their models are looked at. */
  begin(parts: Parts): void {
    const { diagnose, histograms, step } = this.#options;
    const model = Object.fromEntries(
      Object.entries(parts).filter((part): part is [string, Module] => isModule(part[1])),
    );
    if (diagnose) this.#diagnosis = new Diagnosis({ model, folder: this.#folder });
    if (histograms > 0) this.#histograms = new HistogramLog({ model, folder: this.#folder, every: histograms, step });
  }

  /** Something was measured; returns what is newly found, in lines of text. @throws WriteError */
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
