import type { ModuleNode } from "@ansatz/core/plugin";
import { showNumber } from "../../report/format.ts";
import type { RunDetails } from "../messages.ts";
import { fetchDetails, fetchHistograms } from "./api.ts";
import { element, onEvent, type Child } from "./element.ts";
import { drawHistograms } from "./histograms.ts";
import { colorOf, selectedRuns, type PageState } from "./state.ts";

/** How many of a run's last samples are shown. */
const samplesShown = 20;
/** How many runs are shown side by side. */
const runsShown = 6;

/** The samples, findings, model or histograms of the chosen runs: one column for each. */
export class Details {
  readonly root = element("section", { class: "columns" });
  readonly #state: PageState;
  /** The details of each run, and the revision to which they belong. */
  readonly #known = new Map<string, { readonly revision: string; readonly details: RunDetails }>();
  #asked = 0;
  /** What is shown. If it did not change, it is not drawn again, so that what the reader has unfolded stays so. */
  #shown = "";
  readonly #histogram = new Map<string, string>();

  constructor(state: PageState) {
    this.#state = state;
  }

  async update(): Promise<void> {
    const asked = ++this.#asked;
    const runs = selectedRuns(this.#state).slice(0, runsShown);
    const { view } = this.#state;
    for (const { id, revision } of runs) {
      if (this.#known.get(id)?.revision !== revision)
        this.#known.set(id, { revision, details: await fetchDetails(id) });
    }
    const shown = JSON.stringify([view, runs.map(({ id, revision }) => [id, revision])]);
    if (asked !== this.#asked || shown === this.#shown) return;
    const columns = await Promise.all(
      runs.map(async ({ id }) => {
        const swatch = element("span", { class: "swatch" });
        swatch.style.background = colorOf(this.#state, id);
        return element(
          "article",
          {},
          element("h2", {}, swatch, id),
          ...(await this.#content(id, this.#known.get(id)!.details)),
        );
      }),
    );
    if (asked !== this.#asked) return;
    this.#shown = shown;
    this.root.replaceChildren(
      ...(columns.length === 0 ? [element("p", { class: "faint" }, "No run is chosen.")] : columns),
    );
  }

  async #content(run: string, { samples, findings, model, histograms }: RunDetails): Promise<Child[]> {
    const none = (what: string) => [element("p", { class: "faint" }, what)];
    switch (this.#state.view) {
      case "samples":
        return samples.length === 0
          ? none("No samples.")
          : samples
              .slice(-samplesShown)
              .toReversed()
              .map(({ step, text }) =>
                element(
                  "div",
                  {},
                  element("p", { class: "faint" }, `step ${step.toLocaleString("en")}`),
                  element("pre", {}, text),
                ),
              );
      case "findings":
        return findings.length === 0
          ? none("No findings. Runs with --diagnose look for problems.")
          : findings
              .toReversed()
              .map(({ step, kind, where, message, advice }) =>
                element(
                  "div",
                  { class: "finding" },
                  element(
                    "p",
                    {},
                    element("b", {}, kind),
                    ` at step ${step.toLocaleString("en")}${where === undefined ? "" : `, in ${where}`}: ${message}`,
                  ),
                  element("p", { class: "faint" }, advice),
                ),
              );
      case "model":
        return model === undefined
          ? none("No model was recorded.")
          : [element("ul", { class: "tree" }, branch(model, 0))];
      case "histograms":
        return histograms.length === 0
          ? none("No histograms. Runs with --histograms write them.")
          : [await this.#histograms(run, histograms)];
      default:
        return [];
    }
  }

  async #histograms(run: string, kinds: RunDetails["histograms"]): Promise<HTMLElement> {
    const place = element("div", {});
    const options = kinds.map(({ name, of }) => ({ key: JSON.stringify([name, of]), text: `${name}, ${of}` }));
    const chosen = options.find(({ key }) => key === this.#histogram.get(run)) ?? options[0]!;
    const show = async (key: string) => {
      this.#histogram.set(run, key);
      const [name, of] = JSON.parse(key) as [string, string];
      place.replaceChildren(drawHistograms(await fetchHistograms(run, name, of), colorOf(this.#state, run)));
    };
    const choice = onEvent(
      element(
        "select",
        { "aria-label": "parameter" },
        ...options.map(({ key, text }) => element("option", { value: key, selected: key === chosen.key }, text)),
      ),
      "change",
      ({ value }) => void show(value),
    );
    await show(chosen.key);
    return element("div", {}, choice, place);
  }
}

function branch({ name, type, parameters, shape, trainable, children }: ModuleNode, depth: number): HTMLElement {
  const size = shape === undefined ? "" : `[${shape.join(", ")}] `;
  const label = [
    name === "" ? type : name,
    " ",
    name !== "" && element("span", { class: "faint" }, trainable === false ? `${type}, frozen` : type),
    " ",
    element("span", { class: "faint" }, `${size}${showNumber(total({ name, type, parameters, children }))}`),
  ];
  if (children.length === 0) return element("li", {}, ...label);
  return element(
    "li",
    {},
    element(
      "details",
      { open: depth < 2 },
      element("summary", {}, ...label),
      element("ul", {}, ...children.map((child) => branch(child, depth + 1))),
    ),
  );
}

function total(part: ModuleNode): number {
  return part.children.reduce((count, child) => count + total(child), part.parameters);
}
