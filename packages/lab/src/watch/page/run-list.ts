import { showFigure, showSetting } from "./format.ts";
import { element, onEvent } from "./element.ts";
import { colorOf, type PageState } from "./state.ts";
import type { RunSummary } from "../messages.ts";

/** The list of runs, with the state of each and whether it is drawn. */
export class RunList {
  readonly root: HTMLElement;
  readonly #rows = element("ol", { class: "runs" });
  readonly #count = element("span", { class: "faint" });
  readonly #state: PageState;
  readonly #changed: () => void;

  constructor(state: PageState, changed: () => void) {
    this.#state = state;
    this.#changed = changed;
    const filter = onEvent(
      element("input", {
        type: "search",
        placeholder: "filter by name or setting",
        "aria-label": "filter runs",
        value: state.filter,
      }),
      "input",
      ({ value }) => {
        state.filter = value;
        this.draw();
        changed();
      },
    );
    const all = onEvent(element("button", {}, "all"), "click", () => this.#select(this.#shown().map(({ id }) => id)));
    const none = onEvent(element("button", {}, "none"), "click", () => this.#select([]));
    this.root = element("aside", {}, element("div", { class: "tools" }, filter, all, none), this.#count, this.#rows);
  }

  /** Shows the current runs. */
  draw(): void {
    const shown = this.#shown();
    const { runs, selected } = this.#state;
    const of = shown.length === runs.length ? "" : `${shown.length} of `;
    this.#count.textContent = `${of}${runs.length} ${runs.length === 1 ? "run" : "runs"}, ${selected.length} drawn`;
    this.#rows.replaceChildren(...shown.map((run) => this.#row(run)));
  }

  #row(run: RunSummary): HTMLElement {
    const { id, state, step, steps, figures, error, findings, report } = run;
    const drawn = this.#state.selected.includes(id);
    const box = onEvent(element("input", { type: "checkbox", checked: drawn }), "change", ({ checked }) =>
      this.#select(checked ? [...this.#state.selected, id] : this.#state.selected.filter((other) => other !== id)),
    );
    const swatch = element("span", { class: "swatch" });
    swatch.style.background = colorOf(this.#state, id);
    const [figure] = Object.entries(figures);
    const progress = `${step.toLocaleString("en")}${steps === undefined ? "" : `/${steps.toLocaleString("en")}`}`;
    return element(
      "li",
      { title: error ?? "" },
      element("label", {}, box, swatch, element("span", { class: "name" }, id)),
      element(
        "div",
        { class: "faint line" },
        element("span", { class: `state ${state}` }, state),
        element("span", {}, progress),
        figure !== undefined && element("span", {}, `${figure[0]} ${showFigure(figure[1])}`),
        findings > 0 && element("span", { class: "warn" }, `${findings} ${findings === 1 ? "finding" : "findings"}`),
        report &&
          element(
            "a",
            { href: `/report?${new URLSearchParams({ run: id }).toString()}`, target: "_blank", rel: "noopener" },
            "report",
          ),
      ),
    );
  }

  #shown(): RunSummary[] {
    const words = this.#state.filter
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
    return this.#state.runs.filter((run) => {
      const text = `${run.id} ${run.state} ${Object.entries(run.settings)
        .map(([name, value]) => `${name}=${showSetting(value)}`)
        .join(" ")}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }

  #select(runs: readonly string[]): void {
    this.#state.selected = runs;
    this.#state.chosen = true;
    this.draw();
    this.#changed();
  }
}
