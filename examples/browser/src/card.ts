import { LossChart } from "./loss-chart.ts";
import type { Message, ReadDigit } from "./task.ts";

const scale = 28;

/** One model on the page: its controls, its losses and its results. */
export class Card {
  readonly #name: string;
  readonly #part: (name: string) => HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #download: HTMLAnchorElement;
  readonly #chart: LossChart;
  readonly #told: (device: string) => void;
  #worker: Worker | undefined;
  #steps = 0;
  #pace = 0;

  /** `told` is called with the device that the model runs on. */
  constructor(root: HTMLElement, told: (device: string) => void) {
    this.#name = root.id;
    this.#part = (name) => root.querySelector<HTMLElement>(`.${name}`)!;
    this.#button = root.querySelector("button")!;
    this.#download = root.querySelector("a")!;
    this.#chart = new LossChart(this.#part("chart"));
    this.#told = told;
    this.#button.addEventListener("click", () => (this.#worker === undefined ? this.#start() : this.#stop("stopped")));
    this.#download.addEventListener("click", () => this.#offer());
  }

  #start(): void {
    this.#button.textContent = "Stop";
    this.#status("loading");
    this.#pace = 0;
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: this.#name });
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Message>) => this.#hear(data));
    this.#worker.addEventListener("error", ({ message }) => this.#stop(`failed: ${message}`));
  }

  #stop(why: string): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#button.textContent = "Train again";
    this.#status(why);
  }

  #hear(message: Message): void {
    if (message.kind === "ready") {
      this.#told(message.device);
      this.#steps = message.steps;
      this.#chart.clear(message.steps);
      this.#status(`${message.parameters.toLocaleString("en")} parameters; compiling the first step`);
    } else if (message.kind === "step") {
      this.#chart.add(message.loss);
      this.#download.hidden = false;
      this.#pace =
        message.step === 1
          ? 0
          : message.step === 2
            ? message.milliseconds
            : 0.9 * this.#pace + 0.1 * message.milliseconds;
      const left =
        this.#pace === 0
          ? ""
          : ` · ${this.#pace.toFixed(this.#pace < 10 ? 1 : 0)} ms per step` +
            ` · ${duration(this.#pace * (this.#steps - message.step))} left`;
      this.#status(
        `step ${message.step.toLocaleString("en")} of ${this.#steps.toLocaleString("en")}` +
          ` · loss ${message.loss.toFixed(3)}${left}`,
      );
    } else if (message.kind === "shown") {
      this.#part("shown").textContent = message.text;
      if (message.digits !== undefined) this.#part("digits").replaceChildren(...message.digits.map(drawn));
    } else if (message.kind === "ended") {
      this.#stop(`${this.#steps.toLocaleString("en")} steps, loss ${this.#chart.losses.at(-1)!.toFixed(3)}`);
    } else {
      this.#stop(`failed: ${message.message}`);
    }
  }

  #status(text: string): void {
    this.#part("status").textContent = text;
  }

  /** Makes the link download the losses so far. */
  #offer(): void {
    const lines = ["step,loss", ...this.#chart.losses.map((loss, i) => `${i + 1},${loss}`)];
    URL.revokeObjectURL(this.#download.href);
    this.#download.href = URL.createObjectURL(new Blob([lines.join("\n"), "\n"], { type: "text/csv" }));
  }
}

/** Draws a digit with the model's answer, and with its label if the answer is wrong. */
function drawn({ pixels, label, read }: ReadDigit): HTMLElement {
  const figure = document.createElement("figure");
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = scale;
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(scale, scale);
  for (const [i, value] of pixels.entries()) image.data.set([value, value, value, 255], 4 * i);
  context.putImageData(image, 0, 0);
  canvas.setAttribute("aria-label", `a handwritten ${label}`);
  canvas.setAttribute("role", "img");
  const caption = document.createElement("figcaption");
  caption.className = read === label ? "right" : "wrong";
  caption.textContent = read === label ? `${read}` : `${read} ≠ ${label}`;
  figure.append(canvas, caption);
  return figure;
}

function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60
    ? `${seconds} s`
    : `${Math.floor(seconds / 60)} m ${(seconds % 60).toString().padStart(2, "0")} s`;
}
