import { experimentOf, groupRuns } from "../../compare/groups.ts";
import { parseObject, recordedNumber } from "../../view/parse-lines.ts";
import { showValue } from "../../view/format.ts";
import { grouped } from "../../view/grouped.ts";
import { seriesColor } from "../../view/theme.ts";
import { drawnAtFirst, type RunSummary } from "../messages.ts";

/** What the page can show of the runs that are drawn. */
export const views = ["curves", "table", "sweep", "samples", "model", "histograms", "findings"] as const;
/** What a line is: a run, the runs that differ only in their seeds, or all of an experiment. */
export const groupings = ["run", "seed", "experiment"] as const;

/** What the reader has chosen. It is kept in the address, so that a reload or a link restores it. */
export interface PageState {
  readonly view: (typeof views)[number];
  readonly group: (typeof groupings)[number];
  readonly filter: string;
  /** The column that the table is sorted by; with "-", downwards. */
  readonly sort: string;
  /** Whether hidden runs are listed. */
  readonly hidden: boolean;
  /** The runs that are drawn; null until the reader chooses: the first lines. */
  readonly chosen: readonly string[] | null;
  readonly axis: string;
  readonly smoothing: number;
  readonly logX: boolean;
  readonly logY: boolean;
  /** What the chart of a metric was zoomed to. */
  readonly ranges: Readonly<Record<string, readonly [number, number]>>;
  /** The figure in the list and in parallel coordinates. */
  readonly figure: string;
  /** Whether the figure is best when it is highest. */
  readonly highest: boolean;
  /** The step of the samples; 0 for the last. */
  readonly step: number;
  readonly histogram: string;
}

const initial: PageState = {
  view: "curves",
  group: "run",
  filter: "",
  sort: "-started",
  hidden: false,
  chosen: null,
  axis: "step",
  smoothing: 0.6,
  logX: false,
  logY: false,
  ranges: {},
  figure: "",
  highest: false,
  step: 0,
  histogram: "",
};

/** The state in the page's address. What cannot be is as at first. */
export function readAddress(): PageState {
  const query = new URLSearchParams(location.hash.slice(1));
  const given = Object.entries(initial).flatMap(([name, before]) => {
    const text = query.get(name);
    if (text === null || typeof before === "string") return text === null ? [] : [[name, text]];
    const value = parseObject(`{"it":${text}}`)?.["it"];
    const fits = before === null ? Array.isArray(value) : typeof value === typeof before && value !== null;
    return fits ? [[name, value]] : [];
  });
  const state = { ...initial, ...(Object.fromEntries(given) as Partial<PageState>) };
  const view = views.includes(state.view) ? state.view : initial.view;
  const group = groupings.includes(state.group) ? state.group : initial.group;
  return { ...state, view, group, smoothing: Math.min(0.99, Math.max(0, state.smoothing)) };
}

/** Writes the state to the page's address. */
export function writeAddress(state: PageState): void {
  const query = Object.entries(state).flatMap(([name, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return JSON.stringify(value) === JSON.stringify(initial[name as keyof PageState]) ? [] : [[name, text]];
  });
  history.replaceState(null, "", `#${new URLSearchParams(query).toString()}`);
}

/** A line of the table and of the charts: a run, or several. */
export interface Line {
  readonly id: string;
  readonly runs: readonly RunSummary[];
  /** Those of its runs that are drawn. */
  readonly drawn: readonly RunSummary[];
  /** The colour of its curve; undefined if it is not drawn. */
  readonly color?: string;
}

/** What every part of the page is given: lines, and the state with a way to change it. */
export interface PartProps {
  readonly lines: readonly Line[];
  readonly state: PageState;
  readonly set: (change: Partial<PageState>) => void;
}

/** The lines that the table shows, in its order, with colours for those that are drawn. */
export function linesOf(runs: readonly RunSummary[], state: PageState): Line[] {
  const listed = runs.filter((run) => (state.hidden || !run.hidden) && matches(run, state.filter));
  const lines = groupsOf(listed, state.group).toSorted(orderOf(state.sort));
  const chosen = state.chosen && new Set(state.chosen);
  let colored = 0;
  return lines.map((line, i): Line => {
    const drawn = chosen === null ? (i < drawnAtFirst ? line.runs : []) : line.runs.filter(({ id }) => chosen.has(id));
    return { ...line, drawn, ...(drawn.length > 0 && { color: seriesColor(colored++) }) };
  });
}

/** Runs that are one line of the table. */
type Group = Pick<Line, "id" | "runs">;

function groupsOf(runs: readonly RunSummary[], by: PageState["group"]): Group[] {
  if (by === "run") return runs.map((run) => ({ id: run.id, runs: [run] }));
  if (by === "seed") return groupRuns(runs).map(({ label, runs: members }) => ({ id: label, runs: members }));
  return [...grouped(runs, experimentOf)].map(([id, members]) => ({ id, runs: members }));
}

function matches(run: RunSummary, filter: string): boolean {
  const words = filter.toLowerCase().split(/\s+/);
  const settings = Object.entries(run.settings).map(([name, value]) => `${name}=${showValue(value)}`);
  const text = [run.id, run.state, ...run.tags, run.note, ...settings].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

const collator = new Intl.Collator("en", { numeric: true });

function orderOf(sort: string): (a: Group, b: Group) => number {
  const [column, sign] = sort.startsWith("-") ? [sort.slice(1), -1] : [sort, 1];
  return (a, b) => {
    const [x, y] = [valueOf(a, column), valueOf(b, column)];
    // Lines without a value come last.
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    return (
      sign * (typeof x === "number" && typeof y === "number" ? x - y : collator.compare(showValue(x), showValue(y)))
    );
  };
}

/** A line's value in a column: of a figure the mean over its runs, else what its first run has. */
export function valueOf(line: Group, column: string): unknown {
  const [kind, name = ""] = column.split(/:(.*)/s);
  const first = line.runs[0]!;
  if (kind === "setting") return first.settings[name];
  if (kind === "figure") {
    const values = figuresOf(line, name);
    return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
  }
  if (kind === "run") return line.id;
  if (kind === "tags") return first.tags.join(" ") || undefined;
  const own = (first as unknown as Readonly<Record<string, unknown>>)[kind!];
  return own === "" ? undefined : (own ?? first.about[kind!]);
}

/** The finite values of a figure of a line's runs. */
export function figuresOf({ runs }: Pick<Line, "runs">, name: string): number[] {
  return runs.flatMap(({ figures }) => {
    const value = recordedNumber(figures[name]);
    return value !== undefined && Number.isFinite(value) ? [value] : [];
  });
}

/** The names of all figures of some runs; those of results come first. */
export function figureNames(runs: readonly RunSummary[]): string[] {
  const names = new Set(runs.flatMap(({ figures }) => Object.keys(figures)));
  return [...names].filter((name) => !name.endsWith("PerSecond"));
}

/** The figure that the reader chose, or else the first. */
export function figureOf(runs: readonly RunSummary[], { figure }: PageState): string | undefined {
  const names = figureNames(runs);
  return names.includes(figure) ? figure : names[0];
}
