import type { Histogram } from "../../diagnose/histogram-log.ts";
import type { ChangedRuns, CurveRequest, DrawnCharts, ListedRuns, RunChange, RunDetails } from "../messages.ts";

/** The server wants the token that is in the printed address. */
export class RefusedError extends Error {}

/** What was answered last at an address, with its tag: the server is asked whether it has changed. */
const answers = new Map<string, { readonly tag: string; readonly value: unknown }>();

/** What the server answers. As long as that is the same, so is the value. */
async function ask<T>(path: string, query: Readonly<Record<string, string>>, body?: object): Promise<T> {
  const posted = { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const address = `${path}?${new URLSearchParams(query).toString()}`;
  const known = answers.get(address);
  const response = await fetch(address, body ? posted : { headers: known ? { "if-none-match": known.tag } : {} });
  if (response.status === 304) return known!.value as T;
  if (response.status === 403) throw new RefusedError(await response.text());
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  const value = (await response.json()) as T;
  if (body === undefined) answers.set(address, { tag: response.headers.get("etag") ?? "", value });
  return value;
}

/** All runs and their states. */
export const fetchRuns = (): Promise<ListedRuns> => ask("/api/runs", {});

/** The curves of some runs. */
export const fetchCurves = (request: CurveRequest): Promise<DrawnCharts> => ask("/api/curves", {}, request);

/** Writes notes on runs, or deletes them. */
export const changeRuns = (change: RunChange): Promise<ChangedRuns> => ask("/api/change", {}, change);

/** A run's samples, findings, model and list of histograms. */
export const fetchDetails = (run: string): Promise<RunDetails> => ask("/api/run", { run });

/** The histograms of one parameter of a run, or of its gradient. */
export const fetchHistograms = (run: string, name: string, of: string): Promise<Histogram[]> =>
  ask("/api/histograms", { run, name, of });
