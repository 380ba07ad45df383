import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { showNumber } from "../../report/format.ts";
import type { DrawnCurve, DrawnCurves } from "../messages.ts";
import { fetchCurves } from "./api.ts";
import { element, onEvent } from "./element.ts";
import { colorOf, type PageState } from "./state.ts";

const height = 240;
/** How many points of a curve are requested: about one for each pixel of a chart. */
const points = 600;
/** Raw values are drawn behind smoothed ones for at most this many curves; more would hide one another. */
const mostBands = 12;

/** The curves of the chosen runs: a chart for each metric. */
export class Charts {
  readonly root: HTMLElement;
  readonly #grid = element("div", { class: "grid" });
  readonly #empty = element("p", { class: "faint" });
  readonly #state: PageState;
  readonly #charts = new Map<string, { readonly plot: uPlot; readonly shape: string; readonly place: HTMLElement }>();
  #drawn: DrawnCurves = { steps: [], curves: [] };
  #asked = 0;

  constructor(state: PageState, changed: () => void) {
    this.#state = state;
    const shown = element("output", {}, state.smoothing.toFixed(2));
    const smoothing = onEvent(
      element("input", {
        type: "range",
        min: 0,
        max: 0.99,
        step: 0.01,
        value: state.smoothing,
        "aria-label": "smoothing",
      }),
      "input",
      ({ value }) => {
        state.smoothing = Number(value);
        shown.textContent = state.smoothing.toFixed(2);
        changed();
      },
    );
    const logarithmic = onEvent(
      element("input", { type: "checkbox", checked: state.logarithmic }),
      "change",
      ({ checked }) => {
        state.logarithmic = checked;
        changed();
      },
    );
    const whole = onEvent(element("button", {}, "all steps"), "click", () => this.#zoom(undefined));
    this.root = element(
      "section",
      {},
      element(
        "div",
        { class: "tools" },
        element("label", {}, "smoothing ", smoothing, shown),
        element("label", {}, logarithmic, " logarithmic"),
        whole,
        element("span", { class: "faint" }, "drag over a chart to zoom in"),
      ),
      this.#empty,
      this.#grid,
    );
    new ResizeObserver(() => this.#resize()).observe(this.#grid);
  }

  /** Requests the curves and draws them. */
  async update(): Promise<void> {
    const asked = ++this.#asked;
    const { selected, smoothing, range } = this.#state;
    const drawn =
      selected.length === 0 ? { steps: [], curves: [] } : await fetchCurves(selected, { points, smoothing, range });
    if (asked !== this.#asked) return; // the reader has chosen something else in the meantime
    this.#drawn = drawn;
    this.draw();
  }

  /** Draws the curves that were requested last. */
  draw(): void {
    const { steps, curves } = this.#drawn;
    const metrics = [...new Set(curves.map(({ metric }) => metric))];
    this.#empty.textContent =
      this.#state.selected.length === 0 ? "No run is chosen." : curves.length === 0 ? "Nothing was measured yet." : "";
    for (const [metric, { plot, place }] of this.#charts) {
      if (metrics.includes(metric)) continue;
      plot.destroy();
      place.remove();
      this.#charts.delete(metric);
    }
    for (const metric of metrics)
      this.#drawMetric(
        metric,
        steps,
        curves.filter((curve) => curve.metric === metric),
      );
  }

  #drawMetric(metric: string, steps: readonly number[], curves: readonly DrawnCurve[]): void {
    const bands = curves.length <= mostBands;
    const colors = curves.map(({ run }) => colorOf(this.#state, run));
    const shape = JSON.stringify([curves.map(({ run }) => run), colors, bands, this.#state.logarithmic]);
    const positive = (values: readonly (number | null)[]) =>
      this.#state.logarithmic ? values.map((value) => (value !== null && value > 0 ? value : null)) : [...values];
    const columns = curves.flatMap(({ value, least, most }) => (bands ? [least, most, value] : [value]).map(positive));
    const data = [[...steps], ...columns] as uPlot.AlignedData;
    const known = this.#charts.get(metric);
    if (known?.shape === shape) return known.plot.setData(data);
    const readout = element("span", { class: "faint readout" });
    const place = element(
      "figure",
      { "data-metric": metric },
      element("figcaption", {}, element("b", {}, metric), readout),
    );
    if (known === undefined) this.#grid.append(place);
    else known.place.replaceWith(place);
    known?.plot.destroy();
    const plot = new uPlot(this.#options(curves, colors, bands, readout), data, place);
    plot.over.addEventListener("dblclick", () => this.#zoom(undefined));
    this.#charts.set(metric, { plot, shape, place });
  }

  #options(
    curves: readonly DrawnCurve[],
    colors: readonly string[],
    bands: boolean,
    readout: HTMLElement,
  ): uPlot.Options {
    const style = getComputedStyle(document.documentElement);
    const axis = {
      stroke: style.getPropertyValue("--faint"),
      grid: { stroke: style.getPropertyValue("--line"), width: 1 },
      ticks: { stroke: style.getPropertyValue("--line"), width: 1 },
    };
    const number = (values: readonly (number | null)[]) =>
      values.map((value) => (value === null ? "" : showNumber(value)));
    const faint = (color: string, share: number) => `color-mix(in srgb, ${color} ${share}%, transparent)`;
    const series = curves.flatMap(({ points: count }, i): uPlot.Series[] => {
      const line = { stroke: colors[i]!, width: 1.5, spanGaps: true, points: { show: count <= 50 } };
      const raw = { stroke: faint(colors[i]!, 20), width: 1, spanGaps: true, points: { show: false } };
      return bands ? [raw, raw, line] : [line];
    });
    return {
      width: this.#width(),
      height,
      legend: { show: false },
      cursor: { drag: { x: true, y: false, setScale: false }, focus: { prox: 24 } },
      focus: { alpha: 0.35 },
      scales: { x: { time: false }, y: { distr: this.#state.logarithmic ? 3 : 1 } },
      axes: [
        { ...axis, values: (_plot, values) => number(values) },
        { ...axis, size: 64, values: (_plot, values) => number(values) },
      ],
      series: [{}, ...series],
      ...(bands
        ? {
            bands: curves.map((_, i) => ({
              series: [3 * i + 2, 3 * i + 1] as [number, number],
              fill: faint(colors[i]!, 22),
            })),
          }
        : {}),
      hooks: {
        setSelect: [
          (plot) =>
            plot.select.width > 3 &&
            this.#zoom([
              plot.posToVal(plot.select.left, "x"),
              plot.posToVal(plot.select.left + plot.select.width, "x"),
            ]),
        ],
        setCursor: [(plot) => (readout.textContent = this.#readout(plot, curves, bands))],
      },
    };
  }

  /** The value nearest to the pointer, as text. */
  #readout(plot: uPlot, curves: readonly DrawnCurve[], bands: boolean): string {
    const { idx, top } = plot.cursor;
    if (idx === null || idx === undefined || top === undefined || top < 0) return "";
    const step = plot.data[0][idx];
    const columns = curves.map((curve, i) => ({ run: curve.run, value: plot.data[bands ? 3 * i + 3 : i + 1]![idx] }));
    const near = columns
      .filter(({ value }) => typeof value === "number")
      .toSorted((a, b) => Math.abs(plot.valToPos(a.value!, "y") - top) - Math.abs(plot.valToPos(b.value!, "y") - top));
    return near[0] === undefined || step === undefined
      ? ""
      : `${near[0].run}  step ${Math.round(step).toLocaleString("en")}: ${showNumber(near[0].value!)}`;
  }

  #zoom(range: readonly [number, number] | undefined): void {
    this.#state.range = range;
    void this.update();
  }

  #width(): number {
    const columns = Math.max(1, Math.min(3, Math.floor(this.#grid.clientWidth / 460)));
    return Math.max(260, Math.floor(this.#grid.clientWidth / columns) - 24);
  }

  #resize(): void {
    for (const { plot } of this.#charts.values()) plot.setSize({ width: this.#width(), height });
  }
}
