import { statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { binned, binRange, binSteps } from "../report/bins.ts";
import { findRuns } from "../report/find-runs.ts";
import { curvesOf, type Curve } from "../report/recorded-run.ts";
import { FollowedLines } from "./followed-lines.ts";
import type { DrawnCurves, RunSummary } from "./messages.ts";
import { smoothed } from "./smoothing.ts";
import { summarize } from "./summary.ts";

/**
 * How many values are kept in memory. Beyond that, the least recently used runs are dropped and read again when needed.
 */
const mostValues = 20_000_000;
/** Curves with fewer points, e.g. validation losses, are not smoothed. */
const fewestSmoothed = 50;
/** How long the list of folders is reused, in milliseconds. */
const listedFor = 500;

interface Measured {
  readonly lines: FollowedLines;
  curves: Map<string, Curve>;
  /** Reads of one file take turns. */
  turn: Promise<void>;
}

export interface CurveRequest {
  /** The greatest number of points of a curve. */
  readonly points: number;
  /** From 0 (none) to just below 1 (strong). */
  readonly smoothing: number;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** The current state of the runs below a folder. Only folders that were found there are read. */
export class RunStore {
  readonly root: string;
  #listed = -Infinity;
  #listing: Promise<void> = Promise.resolve();
  #folders = new Map<string, string>();
  readonly #summaries = new Map<string, { readonly revision: string; readonly summary: RunSummary }>();
  readonly #measured = new Map<string, Measured>();

  constructor(root: string) {
    this.root = resolve(root);
  }

  /** Reads in advance what is shown first: the list, and the newest runs. */
  async prepare(count: number): Promise<void> {
    const runs = (await this.summaries()).toSorted((a, b) => b.started.localeCompare(a.started));
    await this.curves(
      runs.slice(0, count).map(({ id }) => id),
      { points: 2, smoothing: 0 },
    );
  }

  /** The folder of a run; undefined if there is no such run. */
  async folderOf(id: string): Promise<string | undefined> {
    if (!this.#folders.has(id)) await this.#list();
    return this.#folders.get(id);
  }

  /** A summary of every run. Files that did not change are not read again. */
  async summaries(): Promise<RunSummary[]> {
    await this.#list();
    return [...this.#folders].map(([id, folder]) => {
      const revision = revisionOf(folder);
      const known = this.#summaries.get(id);
      // Whether a run is still running cannot be told from its files alone.
      if (known?.revision === revision && known.summary.state !== "running") return known.summary;
      const summary = summarize(id, folder, revision);
      this.#summaries.set(id, { revision, summary });
      return summary;
    });
  }

  /** The curves of some runs over common steps, with at most `points` points each. */
  async curves(ids: readonly string[], request: CurveRequest): Promise<DrawnCurves> {
    const found = await Promise.all(ids.map(async (id) => ({ id, curves: await this.#curvesOf(id) })));
    const all = found.flatMap(({ curves }) => [...curves.values()]);
    if (all.length === 0) return { steps: [], curves: [] };
    const first = request.from ?? Math.min(...all.map(({ steps }) => steps[0]!));
    const last = request.to ?? Math.max(...all.map(({ steps }) => steps.at(-1)!));
    const range = binRange(Math.floor(first), Math.max(Math.floor(first), Math.ceil(last)), request.points);
    const drawn = found.flatMap(({ id, curves }) =>
      [...curves].map(([metric, curve]) => {
        const bins = binned(curve, range);
        const smooth =
          curve.steps.length < fewestSmoothed || request.smoothing === 0
            ? bins
            : binned({ steps: curve.steps, values: smoothed(curve.values, request.smoothing) }, range);
        const column = (values: typeof bins, of: "mean" | "least" | "most") =>
          values.map((bin) => (bin === undefined ? null : Number(bin[of].toPrecision(7))));
        return {
          run: id,
          metric,
          points: curve.steps.length,
          value: column(smooth, "mean"),
          least: column(bins, "least"),
          most: column(bins, "most"),
        };
      }),
    );
    return { steps: binSteps(range), curves: drawn };
  }

  async #curvesOf(id: string): Promise<Map<string, Curve>> {
    const folder = await this.folderOf(id);
    if (folder === undefined) return new Map();
    const measured = this.#measured.get(id) ?? {
      lines: new FollowedLines(join(folder, "metrics.jsonl")),
      curves: new Map<string, Curve>(),
      turn: Promise.resolve(),
    };
    this.#measured.delete(id);
    this.#measured.set(id, measured); // the most recently used run comes last
    measured.turn = measured.turn.then(() =>
      measured.lines.follow(
        (lines) => curvesOf(lines, measured.curves),
        () => (measured.curves = new Map()),
      ),
    );
    await measured.turn;
    this.#forget(id);
    return measured.curves;
  }

  /** Drops the least recently used runs while there is too much in memory. */
  #forget(current: string): void {
    const values = ({ curves }: Measured) =>
      [...curves.values()].reduce((count, { steps }) => count + 2 * steps.length, 0);
    let total = [...this.#measured.values()].reduce((sum, measured) => sum + values(measured), 0);
    for (const [id, measured] of this.#measured) {
      if (total <= mostValues || id === current) return;
      total -= values(measured);
      this.#measured.delete(id);
    }
  }

  /** Looks for folders, once for all requests that come at about the same time. */
  #list(): Promise<void> {
    if (performance.now() - this.#listed < listedFor) return this.#listing;
    this.#listed = performance.now();
    this.#listing = findRuns(this.root).then((folders) => {
      this.#folders = new Map(
        folders.map((folder) => [relative(this.root, folder).split(sep).join("/") || ".", folder]),
      );
    });
    return this.#listing;
  }
}

/** The files that the page shows something of. */
const files = [
  "metrics.jsonl",
  "status.json",
  "result.json",
  "samples.jsonl",
  "findings.jsonl",
  "histograms.jsonl",
  "report.html",
  "settings.json",
  "model.json",
];

/** A text that changes whenever one of a run's files does. */
function revisionOf(folder: string): string {
  const states = files.map((file) => statSync(join(folder, file), { throwIfNoEntry: false }));
  return states.map((state) => (state === undefined ? "" : `${state.size}@${state.mtimeMs}`)).join();
}
