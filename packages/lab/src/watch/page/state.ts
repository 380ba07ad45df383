import type { RunSummary } from "../messages.ts";

/** The views beside the list of runs. */
export const views = ["curves", "settings", "samples", "model", "histograms", "findings"] as const;
export type PageView = (typeof views)[number];

/** What the reader has chosen. It is kept in the address, so that a reload or a bookmark restores it. */
export interface PageState {
  runs: readonly RunSummary[];
  /** Whether the reader has chosen runs; until then, the newest are drawn. */
  chosen: boolean;
  selected: readonly string[];
  filter: string;
  view: PageView;
  smoothing: number;
  logarithmic: boolean;
  range: readonly [number, number] | undefined;
}

/** The state in the page's address. */
export function readAddress(): PageState {
  const query = new URLSearchParams(location.hash.slice(1));
  const view = views.find((name) => name === query.get("view")) ?? "curves";
  const smoothing = Number(query.get("smoothing") ?? 0.6);
  return {
    runs: [],
    chosen: query.has("run"),
    selected: query.getAll("run"),
    filter: query.get("filter") ?? "",
    view,
    smoothing: smoothing >= 0 && smoothing < 1 ? smoothing : 0.6,
    logarithmic: query.has("logarithmic"),
    range: undefined,
  };
}

/** Writes the state to the page's address. */
export function writeAddress({ chosen, selected, filter, view, smoothing, logarithmic }: PageState): void {
  const query = new URLSearchParams(chosen ? selected.map((run) => ["run", run]) : []);
  if (filter !== "") query.set("filter", filter);
  if (view !== "curves") query.set("view", view);
  if (smoothing !== 0.6) query.set("smoothing", smoothing.toString());
  if (logarithmic) query.set("logarithmic", "");
  history.replaceState(null, "", `#${query.toString()}`);
}

/** The runs in the order of the list: the newest first. */
export function newestFirst(runs: readonly RunSummary[]): RunSummary[] {
  return runs.toSorted((a, b) => b.started.localeCompare(a.started));
}

/** The runs that are drawn, in the order of the list. */
export function selectedRuns(state: PageState): RunSummary[] {
  const selected = new Set(state.selected);
  return state.runs.filter(({ id }) => selected.has(id));
}

/** The colour of a run, by its place among the drawn runs, so that neighbours differ. */
export function colorOf(state: PageState, run: string): string {
  const place = selectedRuns(state).findIndex(({ id }) => id === run);
  if (place < 0) return "transparent";
  if (place < 8)
    return getComputedStyle(document.documentElement)
      .getPropertyValue(`--series-${place + 1}`)
      .trim();
  return `hsl(${(place * 137.5) % 360} 55% 50%)`;
}
