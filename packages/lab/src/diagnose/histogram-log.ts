import { join } from "node:path";
import type { Cell, TypedArray } from "@ansatz/core";
import { watchRuns, type PendingRun } from "@ansatz/core/plugin";
import { JsonLines } from "../json-lines.ts";
import { parameterPaths, type Models } from "./models.ts";
import { stepGraphOf } from "./step-graph.ts";

/** The number of bins of a histogram. */
const bins = 40;

/** A line of `histograms.jsonl`: bin i counts the values from `edges[i]` up to `edges[i + 1]`. */
export interface Histogram {
  readonly step: number;
  readonly name: string;
  readonly of: "weight" | "gradient";
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

export interface HistogramLogOptions {
  readonly model: Models;
  /** The run's folder; histograms are added to its `histograms.jsonl`. */
  readonly folder: string;
  /** Steps between two histograms. */
  readonly every: number;
  /** The current step. */
  readonly step: () => number;
}

/**
 * Writes histograms of every weight and of its gradient, every so many steps: the weight before the step's update, the
 * gradient before clipping.
 *
 * Such a step is computed a second time; the other steps are not affected.
 *
 * @example const log = new HistogramLog({ model: {}, folder: "runs/line/1", every: 100, step: () => 1 });
 * log[Symbol.dispose]() // undefined
 */
export class HistogramLog {
  readonly #options: HistogramLogOptions;
  readonly #paths: ReadonlyMap<Cell, string>;
  readonly #file: JsonLines<Histogram>;
  readonly #end: () => void;
  #written = -1;

  constructor(options: HistogramLogOptions) {
    this.#options = options;
    this.#paths = parameterPaths(options.model);
    this.#file = new JsonLines(join(options.folder, "histograms.jsonl"));
    this.#end = watchRuns((run) => this.#look(run));
  }

  async #look(run: PendingRun): Promise<void> {
    const step = this.#options.step();
    if (step % this.#options.every !== 0 || step === this.#written) return;
    const graph = stepGraphOf(run, this.#paths);
    if (graph === undefined) return;
    this.#written = step;
    const { parameters } = graph;
    const values = await run.evaluate(parameters.flatMap(({ value, gradient }) => [value, gradient]));
    for (const [i, { name }] of parameters.entries()) {
      for (const [j, of] of (["weight", "gradient"] as const).entries()) {
        const histogram = histogramOf(values[2 * i + j]!);
        if (histogram !== undefined) this.#file.append({ step, name, of, ...histogram });
      }
    }
  }

  /** Stops watching. */
  [Symbol.dispose](): void {
    this.#end();
  }
}

/**
 * Counts values in bins of equal width, from the least to the greatest finite value; undefined if no value is finite.
 *
 * @example histogramOf(Float32Array.of(1, 1, 2, NaN), 2)?.counts  // [2, 1]
 */
export function histogramOf(values: TypedArray, count = bins): Pick<Histogram, "edges" | "counts"> | undefined {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return undefined;
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const counts = new Array<number>(count).fill(0);
  for (const value of values)
    if (Number.isFinite(value)) counts[Math.min(count - 1, Math.floor(((value - low) / (high - low)) * count))]!++;
  return { edges: Array.from({ length: count + 1 }, (_, i) => low + ((high - low) * i) / count), counts };
}
