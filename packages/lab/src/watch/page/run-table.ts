import { h, type ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { differingSettings } from "../../compare/groups.ts";
import { showInterval, showNumber, showValue } from "../../view/format.ts";
import { intervalWith } from "../../view/interval.ts";
import type { ListedRuns } from "../messages.ts";
import { figureNames, figureOf, figuresOf, valueOf, type Line, type PartProps } from "./state.ts";

/** How many more lines each click shows: a thousand rows at once would be slow. */
const page = 100;

interface TableProps extends PartProps, Pick<ListedRuns, "quantiles"> {
  /** Whether it shows every column. */
  readonly wide: boolean;
  readonly open: (line: Line) => void;
}

/** The runs or groups as a table that sorts by a click on a column's name. */
export function RunTable({ lines, state, wide, set, open, quantiles }: TableProps): ComponentChildren {
  const [shown, show] = useState(page);
  const runs = lines.flatMap((line) => line.runs);
  const names = figureNames(runs);
  const figure = figureOf(runs, state);
  const columns = wide
    ? [
        ...["run", "state", "started", "step", "findings"],
        ...names.map((name) => `figure:${name}`),
        ...[...differingSettings(runs), ...(state.group === "run" ? ["seed"] : [])].map((name) => `setting:${name}`),
        ...["tags", "note", "commit", "backend"],
      ]
    : ["run", "state", ...(figure === undefined ? [] : [`figure:${figure}`])];
  const drawn = new Set(lines.flatMap((line) => line.drawn).map(({ id }) => id));
  const choose = (line: Line, on: boolean) => {
    const own = new Set(line.runs.map(({ id }) => id));
    const others = [...drawn].filter((id) => !own.has(id));
    set({ chosen: on ? [...others, ...own] : others });
  };
  const head = columns.map((column) => {
    const name = column.replace(/^\w+:/, "");
    const direction = state.sort === column ? "ascending" : state.sort === `-${column}` ? "descending" : undefined;
    const mark = direction === undefined ? "" : direction === "ascending" ? " ▲" : " ▼";
    const sort = () => set({ sort: direction === "ascending" ? `-${column}` : column });
    const kind = { class: isNumeric(column) ? "number" : "", ...(direction && { "aria-sort": direction }) };
    return h("th", { scope: "col", ...kind }, h("button", { class: "plain", onClick: sort }, `${name}${mark}`));
  });
  const rows = lines.slice(0, shown).map((line) =>
    h(
      "tr",
      { key: line.id },
      h(
        "td",
        { class: "mark" },
        h("input", {
          type: "checkbox",
          checked: line.color !== undefined,
          "aria-label": `draw ${line.id}`,
          onChange: ({ currentTarget }) => choose(line, currentTarget.checked),
        }),
        h("span", { class: "swatch", style: { background: line.color ?? "transparent" } }),
      ),
      columns.map((column) =>
        h("td", { class: isNumeric(column) ? "number" : "" }, cellOf(line, column, open, quantiles)),
      ),
    ),
  );
  return [
    h("table", { class: "runs" }, h("thead", {}, h("tr", {}, h("td", {}), head)), h("tbody", {}, rows)),
    lines.length > shown && h("button", { onClick: () => show(shown + page) }, `${lines.length - shown} more`),
  ];
}

function isNumeric(column: string): boolean {
  return column.startsWith("figure:") || column === "step" || column === "findings";
}

function cellOf(line: Line, column: string, open: TableProps["open"], quantiles: readonly number[]): ComponentChildren {
  const [kind, name = ""] = column.split(/:(.*)/s);
  const first = line.runs[0]!;
  const { length } = line.runs;
  if (kind === "run")
    return [
      h("button", { class: "plain name", onClick: () => open(line), title: first.error ?? "" }, line.id),
      length > 1 && h("span", { class: "faint" }, ` ${length} runs`),
      first.tags.map((tag) => h("span", { class: "tag" }, tag)),
    ];
  if (kind === "state") {
    const states = [...new Set(line.runs.map((run) => run.state))];
    const progress =
      length === 1 && first.state === "running" && first.steps
        ? ` ${Math.floor((100 * first.step) / first.steps)} %`
        : "";
    return states.map((state) => [h("span", { class: `state ${state}` }, `${state}${progress}`), " "]);
  }
  if (kind === "figure") {
    const values = figuresOf(line, name);
    if (values.length > 1) return showInterval(intervalWith(quantiles[values.length - 2], values));
    const own = first.figures[name];
    return values.length === 1 ? showNumber(values[0]!) : own === undefined ? "" : showValue(own);
  }
  const value = valueOf(line, column);
  if (kind === "started") return showValue(value).slice(0, 16).replace("T", " ");
  return kind === "commit" ? showValue(value).slice(0, 10) : showValue(value);
}
