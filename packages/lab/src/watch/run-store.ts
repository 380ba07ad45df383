import { statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { setImmediate } from "node:timers/promises";
import { findRuns } from "../report/find-runs.ts";
import { curvesOf } from "../report/recorded-run.ts";
import { bandOf, binAt, binned, binRange, binSteps, notFinite, type Curve } from "../view/bins.ts";
import { FollowedLines } from "./followed-lines.ts";
import { hasBands, type CurveRequest, type DrawnChart, type DrawnCharts, type RunSummary } from "./messages.ts";
import { smoothed } from "./smoothing.ts";
import { summarize } from "./summary.ts";

/**
 * How many values are kept in memory. Beyond that, the least recently used runs are dropped and read again when needed.
 */
const mostValues = 20_000_000;
/** Curves with fewer points, e.g. validation losses, are not smoothed. */
const fewestSmoothed = 50;
/** How many runs are read at once. */
const readAtOnce = 25;
/** How long the list of folders is reused, in milliseconds. */
const listedFor = 500;

interface Measured {
  readonly lines: FollowedLines;
  curves: Map<string, Curve>;
  readonly spentLines: FollowedLines;
  /** What had been spent at the steps that were measured: the curves of the other axes. */
  spent: Map<string, Curve>;
  /** Reads of one file take turns. */
  turn: Promise<void>;
}

/** The curves of one line of a chart: of its runs. */
interface MeasuredLine {
  readonly id: string;
  readonly curves: readonly Curve[];
}

/** The current state of the runs below a folder. Only folders that were found there are read. */
export class RunStore {
  readonly root: string;
  #listed = -Infinity;
  #listing: Promise<void> = Promise.resolve();
  #folders = new Map<string, string>();
  readonly #summaries = new Map<string, { readonly revision: string; readonly summary: RunSummary }>();
  /** Requests that come while the summaries are read share them. */
  #reading: Promise<RunSummary[]> | undefined;
  readonly #measured = new Map<string, Measured>();

  constructor(root: string) {
    this.root = resolve(root);
  }

  /** Reads in advance what is shown first: the list, and the newest runs. */
  async prepare(count: number): Promise<void> {
    const runs = (await this.summaries()).toSorted((a, b) => b.started.localeCompare(a.started));
    await Promise.all(runs.slice(0, count).map(({ id }) => this.#measuredOf(id)));
  }

  /** The folder of a run; undefined if there is no such run. */
  async folderOf(id: string): Promise<string | undefined> {
    if (!this.#folders.has(id)) await this.#list();
    return this.#folders.get(id);
  }

  /** A summary of every run. Files that did not change are not read again. */
  summaries(): Promise<RunSummary[]> {
    return (this.#reading ??= this.#read().finally(() => (this.#reading = undefined)));
  }

  async #read(): Promise<RunSummary[]> {
    await this.#list();
    const found: RunSummary[] = [];
    for (const [id, folder] of this.#folders) {
      const revision = revisionOf(folder);
      const known = this.#summaries.get(id);
      // Whether a run is still running cannot be told from its files alone.
      const same = known?.revision === revision && known.summary.state !== "running";
      const summary = same ? known.summary : summarize(id, folder, revision);
      if (!same) this.#summaries.set(id, { revision, summary });
      if (found.push(summary) % readAtOnce === 0) await setImmediate(); // other requests are answered in between
    }
    return found;
  }

  /** The curves of some runs, or of several that are one line, over common places on an axis. */
  async charts({ lines, axis, ...request }: CurveRequest): Promise<DrawnCharts> {
    const measured = await Promise.all(
      lines.map(async ({ id, runs }) => ({
        id,
        runs: (await Promise.all(runs.map((run) => this.#measuredOf(run)))).filter((run) => run !== undefined),
      })),
    );
    const all = measured.flatMap(({ runs }) => runs);
    const metrics = new Set(all.flatMap(({ curves }) => [...curves.keys()]));
    const charts = [...metrics].flatMap((metric) => {
      const own = measured.flatMap(({ id, runs }): MeasuredLine[] => {
        const curves = runs.flatMap((run) => {
          const curve = run.curves.get(metric);
          const over = curve && (axis === "step" ? curve : along(curve, run.spent.get(axis)));
          return over === undefined || over.steps.length === 0 ? [] : [over];
        });
        return curves.length === 0 ? [] : [{ id, curves }];
      });
      return own.length === 0 ? [] : [chartOf(metric, own, axis === "step", request)];
    });
    return { axes: ["step", ...new Set(all.flatMap(({ spent }) => [...spent.keys()]))], charts };
  }

  async #measuredOf(id: string): Promise<Measured | undefined> {
    const folder = await this.folderOf(id);
    if (folder === undefined) return undefined;
    const measured: Measured = this.#measured.get(id) ?? {
      lines: new FollowedLines(join(folder, "metrics.jsonl")),
      curves: new Map(),
      spentLines: new FollowedLines(join(folder, "spent.jsonl")),
      spent: new Map(),
      turn: Promise.resolve(),
    };
    this.#measured.delete(id);
    this.#measured.set(id, measured); // the most recently used run comes last
    measured.turn = measured.turn.then(async () => {
      await measured.lines.follow(
        (lines) => curvesOf(lines, measured.curves),
        () => (measured.curves = new Map()),
      );
      await measured.spentLines.follow(
        (lines) => curvesOf(lines, measured.spent),
        () => (measured.spent = new Map()),
      );
    });
    await measured.turn;
    this.#forget(id);
    return measured;
  }

  /** Looks for folders again, because some were deleted. */
  refresh(): void {
    this.#listed = -Infinity;
  }

  /** Drops the least recently used runs while there is too much in memory. */
  #forget(current: string): void {
    const values = ({ curves, spent }: Measured) =>
      [...curves.values(), ...spent.values()].reduce((count, { steps }) => count + 2 * steps.length, 0);
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

/** The lines of one metric over an axis, thinned out to bins. */
function chartOf(
  metric: string,
  lines: readonly MeasuredLine[],
  ofSteps: boolean,
  { points, smoothing, ranges, logarithmic }: Pick<CurveRequest, "points" | "smoothing" | "ranges" | "logarithmic">,
): DrawnChart {
  const all = lines.flatMap(({ curves }) => curves);
  const shown = ranges[metric];
  const first = shown?.[0] ?? all.reduce((least, { steps }) => Math.min(least, steps[0]!), Infinity);
  const last = shown?.[1] ?? all.reduce((most, { steps }) => Math.max(most, steps.at(-1)!), -Infinity);
  const [from, to] = ofSteps ? [Math.floor(first), Math.max(Math.floor(first), Math.ceil(last))] : [first, last];
  const range = binRange(from, to, points, logarithmic ? "log" : ofSteps ? "steps" : "linear");
  return {
    metric,
    places: binSteps(range).map(rounded),
    lines: lines.map(({ id, curves }) => {
      const smooth = curves.map(({ steps, values }) => ({
        steps,
        values: steps.length < fewestSmoothed || smoothing === 0 ? values : smoothed(values, smoothing),
      }));
      const line = curves.length > 1 ? bandOf(smooth, range) : binned(smooth[0]!, range);
      const band = !hasBands(lines) ? [] : curves.length > 1 ? line : binned(curves[0]!, range);
      const column = (bins: typeof line, of: "mean" | "low" | "high") =>
        bins.map((bin) => (bin === undefined ? null : rounded(bin[of])));
      const lost = curves.flatMap(notFinite).filter((at) => at >= from && at <= to);
      return {
        id,
        points: curves.reduce((sum, { steps }) => sum + steps.length, 0),
        value: column(line, "mean"),
        low: column(band, "low"),
        high: column(band, "high"),
        notFinite: [...new Map(lost.map((at) => [binAt(range, at), rounded(at)])).values()],
      };
    }),
  };
}

const rounded = (value: number): number => Number(value.toPrecision(7));

/** A curve over another axis: what had been spent at each of its steps, as far as that was recorded. */
function along({ steps, values }: Curve, spent: Curve | undefined): Curve {
  const places = new Map(spent?.steps.map((step, i) => [step, spent.values[i]!]));
  const kept = steps.flatMap((step, i) => (places.has(step) ? [i] : []));
  return { steps: kept.map((i) => places.get(steps[i]!)!), values: kept.map((i) => values[i]!) };
}

/** The files to which a run adds lines. The others are written anew, which changes the time of the folder. */
const growing = ["metrics.jsonl", "samples.jsonl", "findings.jsonl", "histograms.jsonl"];

/** A text that changes whenever one of a run's files does. */
function revisionOf(folder: string): string {
  let [size, newest] = [0, 0];
  for (const file of ["", ...growing]) {
    const state = statSync(join(folder, file), { throwIfNoEntry: false });
    size += state?.size ?? 0;
    newest = Math.max(newest, state?.mtimeMs ?? 0);
  }
  return `${size}@${newest}`;
}
