import type { DrawnCurves, RecordedHistogram, RunDetails, ListedRuns } from "../messages.ts";

/** The server wants the token that is in the printed address. */
export class RefusedError extends Error {}

async function get<T>(path: string, query: URLSearchParams = new URLSearchParams()): Promise<T> {
  const response = await fetch(`${path}?${query.toString()}`, { cache: "no-cache" });
  if (response.status === 403) throw new RefusedError(await response.text());
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** All runs and their states. */
export function fetchRuns(): Promise<ListedRuns> {
  return get("/api/runs");
}

/** The curves of some runs, over a range of steps or all of them. */
export function fetchCurves(
  runs: readonly string[],
  options: {
    readonly points: number;
    readonly smoothing: number;
    readonly range?: readonly [number, number] | undefined;
  },
): Promise<DrawnCurves> {
  const query = new URLSearchParams(runs.map((run) => ["run", run]));
  query.set("points", options.points.toString());
  query.set("smoothing", options.smoothing.toString());
  if (options.range !== undefined) {
    query.set("from", options.range[0].toString());
    query.set("to", options.range[1].toString());
  }
  return get("/api/curves", query);
}

/** A run's samples, findings, model and list of histograms. */
export function fetchDetails(run: string): Promise<RunDetails> {
  return get("/api/run", new URLSearchParams({ run }));
}

/** The histograms of one parameter of a run, or of its gradient. */
export function fetchHistograms(run: string, name: string, of: string): Promise<RecordedHistogram[]> {
  return get("/api/histograms", new URLSearchParams({ run, name, of }));
}
