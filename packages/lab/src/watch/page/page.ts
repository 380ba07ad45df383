import { h, render, type ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import type { ListedRuns } from "../messages.ts";
import { fetchRuns, RefusedError } from "./api.ts";
import { Charts } from "./charts.ts";
import { choice, field } from "./controls.ts";
import { Details } from "./details.ts";
import { RunDialog } from "./run-dialog.ts";
import { RunTable } from "./run-table.ts";
import { figureNames, figureOf, groupings, linesOf, readAddress, views, writeAddress } from "./state.ts";
import type { Line, PageState, PartProps } from "./state.ts";
import { Sweep } from "./sweep.ts";

/** How often the page asks for changes, in milliseconds. */
const interval = 1_000;

/** The whole page. */
function App(): ComponentChildren {
  const [state, setState] = useState(readAddress);
  const [listed, message, follow] = useRuns();
  const [opened, open] = useState<Line>();
  const [, repaint] = useState(0);
  useLayoutEffect(() => writeAddress(state), [state]); // before the page can be left
  useEffect(() => {
    addEventListener("hashchange", () => setState(readAddress));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => repaint((count) => count + 1));
  }, []);
  const set = (change: Partial<PageState>) => setState((before) => ({ ...before, ...change }));
  const { root, runs, quantiles } = listed;
  const lines = linesOf(runs, state);
  const drawn = lines.filter(({ color }) => color !== undefined);
  const wide = state.view === "table";
  return [
    h(
      "header",
      {},
      h("h1", {}, "Ansatz"),
      h("span", { class: "faint" }, root),
      h(
        "nav",
        { role: "tablist", "aria-label": "views" },
        views.map((view) =>
          h("button", { role: "tab", "aria-selected": view === state.view, onClick: () => set({ view }) }, view),
        ),
      ),
      h("span", { class: "warn", role: "status" }, message),
    ),
    h(
      wide ? "main" : "aside",
      { "aria-label": "runs", key: "runs", class: wide ? "whole" : "" },
      h(RunTools, { lines, drawn, state, set, all: runs.length }),
      h(RunTable, { lines, state, wide, set, open, quantiles }),
    ),
    !wide &&
      h(
        "main",
        { key: "main" },
        state.view === "sweep"
          ? h(Sweep, { lines, state, set })
          : h(state.view === "curves" ? Charts : Details, { lines: drawn, state, set }),
      ),
    opened && h(RunDialog, { line: opened, close: () => open(undefined), changed: follow, key: opened.id }),
  ];
}

interface ToolsProps extends PartProps {
  readonly drawn: readonly Line[];
  /** How many runs there are. */
  readonly all: number;
}

/** What the list shows, and in which groups. */
function RunTools({ lines, drawn, state, set, all }: ToolsProps): ComponentChildren {
  const shown = lines.flatMap(({ runs }) => runs);
  const count = drawn.reduce((sum, line) => sum + line.drawn.length, 0);
  const figure = figureOf(shown, state);
  const search = { type: "search", placeholder: "name, setting, tag or note", value: state.filter };
  const of = shown.length === all ? "" : `${shown.length} of `;
  return [
    h(
      "div",
      { class: "tools" },
      field("filter", search, ({ value }) => set({ filter: value }), "long"),
      h("button", { onClick: () => set({ chosen: shown.map(({ id }) => id) }) }, "all"),
      h("button", { onClick: () => set({ chosen: [] }) }, "none"),
    ),
    h(
      "div",
      { class: "tools" },
      choice(
        "a line for each",
        state.group,
        groupings,
        (name) => set({ group: name as PageState["group"] }),
        (name) => (name === "seed" ? "set of settings" : name),
      ),
      figure !== undefined && choice("figure", figure, figureNames(shown), (name) => set({ figure: name })),
      field("hidden runs", { type: "checkbox", checked: state.hidden }, ({ checked }) => set({ hidden: checked })),
      h("span", { class: "faint" }, `${of}${all} ${all === 1 ? "run" : "runs"}, ${count} drawn`),
    ),
  ];
}

/** The runs, a message if they cannot be had, and how to ask for them at once. Asks while the page is visible. */
function useRuns(): readonly [ListedRuns, string, () => void] {
  const [listed, list] = useState<ListedRuns>({ root: "", runs: [], quantiles: [] });
  const [message, tell] = useState("");
  const follow = async () => {
    try {
      const found = await fetchRuns();
      tell(found.runs.length === 0 ? "no runs yet" : "");
      document.title = `${found.root.split(/[/\\]/).at(-1) ?? ""} · Ansatz`;
      list(found);
    } catch (error) {
      const again = "`ansatz watch` was started again: open the address that it printed";
      tell(error instanceof RefusedError ? again : "no answer: is `ansatz watch` still running?");
    }
  };
  useEffect(() => {
    const followOn = async () => {
      if (!document.hidden) await follow();
      setTimeout(() => void followOn(), interval);
    };
    void followOn();
  }, []);
  return [listed, message, () => void follow()];
}

render(h(App, {}), document.body);
