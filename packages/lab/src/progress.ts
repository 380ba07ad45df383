/** What a progress line shows: names and values, as text. */
export type Facts = Readonly<Record<string, string>>;

/** The stream to which a progress line is written. */
export type ProgressOutput = Pick<NodeJS.WriteStream, "isTTY" | "write"> & { readonly columns?: number };

/**
 * A line that shows how far a long piece of work is, and how much longer it will take.
 *
 * In a terminal the line is rewritten in place; elsewhere a new line is written every five seconds.
 */
export class Progress {
  readonly #total: number;
  readonly #unit: string;
  readonly #output: ProgressOutput;
  readonly #started = performance.now();
  readonly #starting: string | undefined;
  /** From where the pace is measured: how much was done then, and when. */
  #from: { readonly done: number; readonly at: number } | undefined;
  #shown = -Infinity;

  constructor(
    total: number,
    {
      unit = "step",
      done = 0,
      starting,
      output = process.stdout,
    }: {
      readonly unit?: string;
      readonly done?: number;
      /** What is said instead of the time left until the second unit is done, if the first takes much longer. */
      readonly starting?: string;
      readonly output?: ProgressOutput;
    } = {},
  ) {
    this.#total = total;
    this.#unit = unit;
    this.#starting = starting;
    this.#output = output;
    if (starting === undefined) this.#from = { done, at: this.#started };
    else this.#show(done, {}, starting);
  }

  /**
   * Shows how far the work is. It is cheap enough to be called at every step; give facts that are costly as a function.
   */
  update(done: number, facts: Facts | (() => Facts)): void {
    const now = performance.now();
    const finished = done >= this.#total;
    const { done: first, at } = (this.#from ??= { done, at: now });
    if (!finished && now - this.#shown < (this.#output.isTTY ? 100 : 5_000)) return;
    const left =
      done > first ? `${duration(((now - at) / (done - first)) * (this.#total - done))} left` : (this.#starting ?? "");
    this.#show(
      done,
      typeof facts === "function" ? facts() : facts,
      finished ? `took ${duration(now - this.#started)}` : left,
    );
  }

  #show(done: number, facts: Facts, end: string): void {
    this.#shown = performance.now();
    const room = (this.#output.columns || 80) - 1;
    const shown = Object.entries(facts).map(([name, value]) => `${name} ${value}`);
    const line = () => [`${this.#unit} ${done}/${this.#total}`, ...shown, ...(end === "" ? [] : [end])].join("  ");
    if (!this.#output.isTTY) return void this.#output.write(`${line()}\n`);
    // The last facts give way to the time left.
    while (shown.length > 0 && line().length > room) shown.pop();
    this.#output.write(`\r\x1b[2K${line().slice(0, room)}`);
  }

  /** Whether one line is rewritten in place. */
  get live(): boolean {
    return this.#output.isTTY;
  }

  /** Ends the line, so that other text can follow. */
  end(): void {
    if (this.#output.isTTY) this.#output.write("\n");
  }
}

/** Milliseconds as a readable duration: `1 m 05 s`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = (part: number) => part.toString().padStart(2, "0");
  return minutes < 60
    ? `${minutes} m ${rest(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${rest(minutes % 60)} m`;
}
