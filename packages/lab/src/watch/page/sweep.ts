import { importance } from "@ansatz/search";
import { h, type ComponentChildren } from "preact";
import { differingSettings } from "../../compare/groups.ts";
import { showNumber, showValue } from "../../view/format.ts";
import { fewestRuns, importanceBars } from "../../view/importance-bars.ts";
import { observedSpace } from "../../view/observed-space.ts";
import { parallelCoordinates } from "../../view/parallel-coordinates.ts";
import { table } from "../../view/parts.ts";
import { field } from "./controls.ts";
import { figureOf, figuresOf, type PartProps } from "./state.ts";

/** How many runs the table has. */
const rowsShown = 50;

/** The runs of the list that differ in their settings: as lines across axes, what matters, and the best of them. */
export function Sweep({ lines, state, set }: PartProps): ComponentChildren {
  const runs = lines.flatMap((line) => line.runs);
  const figure = figureOf(runs, state);
  const settings = differingSettings(runs);
  const paths = runs.flatMap((run) => {
    const values = figure === undefined ? [] : figuresOf({ runs: [run] }, figure);
    return values.map((value) => ({ name: run.id, values: run.settings, figure: value, state: run.state }));
  });
  if (figure === undefined || settings.length === 0 || paths.length === 0)
    return h("p", { class: "faint" }, "No runs in the list differ in their settings and have a finite figure.");
  const sign = state.highest ? -1 : 1;
  const best = paths.toSorted((a, b) => sign * (a.figure - b.figure));
  const outcomes = paths.map(({ values, figure: own }) => ({ point: values as never, value: sign * own }));
  const matters = paths.length >= fewestRuns && settings.length > 1;
  const rows = best
    .slice(0, rowsShown)
    .map((run) => [
      run.name,
      run.state,
      ...settings.map((name) => showValue(run.values[name])),
      showNumber(run.figure),
    ]);
  return [
    h("div", { class: "wide", tabIndex: 0 }, parallelCoordinates(settings, figure, paths)),
    h("p", { class: "faint" }, `A line for each of ${paths.length} runs with a finite ${figure}.`),
    h(
      "div",
      { class: "tools" },
      field("highest is best", { type: "checkbox", checked: state.highest }, ({ checked }) =>
        set({ highest: checked }),
      ),
    ),
    matters && [
      h("h2", {}, "What matters"),
      importanceBars(
        importance(
          observedSpace(
            settings,
            paths.map(({ values }) => values),
          ),
          outcomes,
        ),
      ),
      h("p", { class: "faint" }, `How much each setting matters for being among the best tenth by ${figure}.`),
    ],
    h("h2", {}, "Best first"),
    table(["run", "state", ...settings, figure], rows, [settings.length + 2, settings.length + 3]),
    h("p", { class: "faint" }, "Figures of runs that have not ended are the last ones that they measured."),
  ];
}
