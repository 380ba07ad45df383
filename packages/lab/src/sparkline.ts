const levels = "▁▂▃▄▅▆▇█";

/** How many values are kept; beyond, neighbours are averaged. */
const most = 256;

/** The course of a figure as a line of blocks, for a terminal. */
export class Sparkline {
  #values: number[] = [];
  /** How many values each of these is the mean of, and those that are not in one yet. */
  #each = 1;
  #rest: number[] = [];

  /** Adds a value; one that is not finite is left out. */
  add(value: number): void {
    if (!Number.isFinite(value)) return;
    this.#rest.push(value);
    if (this.#rest.length < this.#each) return;
    this.#values.push(meanOf(this.#rest));
    this.#rest = [];
    if (this.#values.length < most) return;
    this.#values = parts(this.#values, most / 2).map(meanOf);
    this.#each *= 2;
  }

  /** A block for each of up to `width` equal parts, as high as its mean is between the least and the greatest mean. */
  draw(width: number): string {
    const means = parts(this.#values, Math.min(width, this.#values.length)).map(meanOf);
    const [least, greatest] = [Math.min(...means), Math.max(...means)];
    const unit = (greatest - least) / (levels.length - 1) || 1;
    return means.map((mean) => levels[Math.round((mean - least) / unit)]).join("");
  }
}

/** Values in this many parts of nearly equal length. */
function parts(values: readonly number[], count: number): number[][] {
  return Array.from({ length: count }, (_, i) =>
    values.slice(Math.round((i * values.length) / count), Math.round(((i + 1) * values.length) / count)),
  );
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
