import { ArgumentError, StateError, type Tensor } from "@ansatz/core";

/** A model that turns texts into vectors: [texts, width]. */
export type Embed = (texts: readonly string[]) => Tensor | Promise<Tensor>;

/** An index that can be made again by another encoder, such as the `VectorIndex` of @ansatz/data-retrieval. */
export interface RebuildableIndex {
  /** The version of the encoder that made it. */
  readonly version: string;
  /** Embeds everything again, and replaces the index in one step. */
  rebuild(options: { readonly version: string; readonly embed: Embed; readonly batch: number }): Promise<void>;
  close(): Promise<void>;
}

export interface RefreshOptions {
  /** Steps from one refresh to the next, such as REALM's 500. */
  readonly every: number;
  /**
   * The encoder as it is now. It is called at the start of a refresh and has to copy the parameters, since training
   * changes them while the passages are embedded.
   */
  readonly snapshot: () => Embed | Promise<Embed>;
  /** The name of the encoder; versions are `name@step`. Default: "encoder". */
  readonly name?: string;
  /** Passages that are embedded together: how long training waits at a time. Default: 32. */
  readonly batch?: number;
}

/**
 * Rebuilds an index every so many steps with the current encoder, while training uses the old one. Guu et al. 2020,
 * arXiv:2002.08909, Section 3.3.
 *
 * `step` never waits: batches of passages are embedded between the steps, whenever training awaits something. A refresh
 * that isn't finished when the next is due delays that one. The index's version names the step of the last refresh, so
 * a resumed run continues with what is on disk; an index of another encoder is refreshed at once. After a kill in
 * mid-refresh, the refresh starts again at the next step. When a refresh ends depends on time: two runs agree exactly
 * only if both await `settled` at the same steps.
 *
 * @throws ArgumentError unless `every` is a whole number, 1 or more
 */
export class RefreshingIndex {
  readonly index: RebuildableIndex;
  readonly #options: RefreshOptions & { readonly name: string };
  #running: Promise<void> | undefined;
  #failed: { readonly error: unknown } | undefined;
  #closed = false;

  constructor(index: RebuildableIndex, options: RefreshOptions) {
    if (!Number.isInteger(options.every) || options.every < 1)
      throw new ArgumentError(`RefreshingIndex: every is ${options.every}\n  use a whole number, 1 or more`);
    this.index = index;
    this.#options = { name: "encoder", ...options };
  }

  /** The step whose encoder made the index, or undefined if another encoder did. */
  get refreshed(): number | undefined {
    const { name } = this.#options;
    const step = this.index.version.startsWith(`${name}@`) ? Number(this.index.version.slice(name.length + 1)) : NaN;
    return Number.isInteger(step) ? step : undefined;
  }

  /**
   * Starts a refresh if one is due and none is running.
   *
   * @throws what the last refresh threw, once; the next step tries again
   */
  step(step: number): void {
    if (this.#closed) throw new StateError("RefreshingIndex: it is closed\n  make another");
    this.#throwFailure();
    const age = step - (this.refreshed ?? -Infinity);
    if (this.#running !== undefined || (age >= 0 && age < this.#options.every)) return;
    this.#running = this.#refresh(step)
      .catch((error: unknown) => void (this.#failed = { error }))
      .finally(() => (this.#running = undefined));
  }

  /** Waits for the refresh that is running, if any. @throws what it threw */
  async settled(): Promise<void> {
    await this.#running;
    this.#throwFailure();
  }

  /** Ends the refresh that is running, if any, and closes the index. @throws what an earlier refresh threw */
  async close(): Promise<void> {
    const failed = this.#failed;
    this.#closed = true;
    await this.index.close();
    await this.#running;
    if (failed !== undefined) throw failed.error;
  }

  async #refresh(step: number): Promise<void> {
    const { snapshot, name, batch = 32 } = this.#options;
    await this.index.rebuild({ version: `${name}@${step}`, embed: await snapshot(), batch });
  }

  #throwFailure(): void {
    const failed = this.#failed;
    this.#failed = undefined;
    if (failed !== undefined) throw failed.error;
  }
}
