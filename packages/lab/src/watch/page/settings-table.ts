import { showFigure, showSetting } from "./format.ts";
import { element, onEvent } from "./element.ts";
import { selectedRuns, type PageState } from "./state.ts";
import type { RunSummary } from "../messages.ts";

/** Properties of a run that the table shows besides its settings. */
const circumstances = ["commit", "backend", "node", "cpu", "started"];

/** The settings and figures of the chosen runs, side by side. */
export class SettingsTable {
  readonly root: HTMLElement;
  readonly #table = element("div", { class: "wide" });
  readonly #state: PageState;
  #onlyDiffering = true;

  constructor(state: PageState) {
    this.#state = state;
    const box = onEvent(element("input", { type: "checkbox", checked: true }), "change", ({ checked }) => {
      this.#onlyDiffering = checked;
      this.update();
    });
    this.root = element(
      "section",
      {},
      element("div", { class: "tools" }, element("label", {}, box, " only differences")),
      this.#table,
    );
  }

  update(): void {
    const runs = selectedRuns(this.#state);
    const rows = [
      ...this.#rows(
        runs,
        ({ figures }) => figures,
        (value) => showFigure(value as number | string),
      ),
      ...this.#rows(runs, ({ settings }) => settings, showSetting),
      ...this.#rows(
        runs,
        ({ about }) => Object.fromEntries(circumstances.map((name) => [name, about[name]])),
        showSetting,
      ),
    ];
    const head = element("tr", {}, element("th", {}), ...runs.map(({ id }) => element("th", {}, id)));
    this.#table.replaceChildren(
      runs.length === 0 ? element("p", { class: "faint" }, "No run is chosen.") : element("table", {}, head, ...rows),
    );
  }

  #rows(
    runs: readonly RunSummary[],
    of: (run: RunSummary) => Readonly<Record<string, unknown>>,
    show: (value: unknown) => string,
  ): HTMLElement[] {
    const names = [...new Set(runs.flatMap((run) => Object.keys(of(run))))];
    return names.flatMap((name) => {
      const texts = runs.map((run) => (of(run)[name] === undefined ? "" : show(of(run)[name])));
      if (texts.every((text) => text === "") || (this.#onlyDiffering && runs.length > 1 && new Set(texts).size === 1))
        return [];
      return [element("tr", {}, element("th", {}, name), ...texts.map((text) => element("td", {}, text)))];
    });
  }
}
