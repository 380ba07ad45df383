import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

const height = 220;
/** The weight of the running mean from one step to the next. */
const kept = 0.95;

/** Draws the losses of a run while it is running: each loss faintly, and their running mean. */
export class LossChart {
  readonly losses: number[] = [];
  readonly #place: HTMLElement;
  readonly #means: number[] = [];
  #steps = 1;
  #sum = 0;
  #weight = 0;
  #plot: uPlot | undefined;
  #waiting = false;

  constructor(place: HTMLElement) {
    this.#place = place;
    new ResizeObserver(() => this.#plot?.setSize({ width: place.clientWidth, height })).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#begin());
    this.clear(1);
  }

  /** Starts again, for a run of so many steps. */
  clear(steps: number): void {
    this.losses.length = this.#means.length = 0;
    this.#steps = steps;
    this.#sum = this.#weight = 0;
    this.#begin();
  }

  add(loss: number): void {
    this.losses.push(loss);
    this.#sum = kept * this.#sum + loss;
    this.#weight = kept * this.#weight + 1;
    this.#means.push(this.#sum / this.#weight);
    if (this.#waiting) return;
    this.#waiting = true; // draw one frame at a time, however fast the steps are
    requestAnimationFrame(() => {
      this.#waiting = false;
      this.#plot?.setData(this.#data());
    });
  }

  #data(): uPlot.AlignedData {
    return [this.losses.map((_, i) => i + 1), this.losses, this.#means];
  }

  #begin(): void {
    const style = getComputedStyle(document.documentElement);
    const color = (name: string) => style.getPropertyValue(name);
    const axis = {
      stroke: color("--faint"),
      grid: { stroke: color("--line"), width: 1 },
      ticks: { stroke: color("--line"), width: 1 },
      font: "12px system-ui",
    };
    this.#plot?.destroy();
    this.#plot = new uPlot(
      {
        width: this.#place.clientWidth,
        height,
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: () => [0, this.#steps] },
          y: { range: (_plot, _least, most) => [0, Math.max(1, most ?? 1)] },
        },
        axes: [axis, { ...axis, size: 40 }],
        series: [
          {},
          { stroke: `color-mix(in srgb, ${color("--curve")} 30%, transparent)`, width: 1, points: { show: false } },
          { stroke: color("--curve"), width: 2, points: { show: false } },
        ],
      },
      this.#data(),
      this.#place,
    );
  }
}
