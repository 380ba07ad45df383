import { ArgumentError, type Module } from "@ansatz/core";
import { isModule } from "@ansatz/core/plugin";
import { hasCheckpoint, loadCheckpoint, saveCheckpoint, type Parts } from "../checkpoint.ts";
import { InterruptedError, type Interrupt } from "../interrupt.ts";
import { writeJson } from "../run-folder.ts";
import { moduleTree } from "./module-tree.ts";
import type { RunOutput } from "./run-output.ts";
import type { RunStatus } from "./run-status.ts";

export interface StepsOptions {
  /**
   * Steps between checkpoints. Without it a checkpoint is saved each minute, or less often where saving takes long: it
   * never takes more than a fiftieth of the time.
   */
  readonly saveEvery?: number;
  /** What a step works through, such as `{ tokens: 768 }`; how much of it a second is measured. */
  readonly each?: Readonly<Record<string, number>>;
}

/**
 * The steps of a training loop, counted from 1: `for await (const step of steps(1_500, { model, optimizer }))`.
 *
 * Whatever changes from step to step is named in `parts`: modules with their random streams, optimizers, streams,
 * anything with `stateDict` and `loadStateDict`. A checkpoint holds them, the run's own random stream, and how far its
 * files have grown. A run that goes on gets all of that back before its first step, so that its numbers are those of a
 * run that was never stopped. A part that says `stopped` ends the loop.
 *
 * @throws ArgumentError for a second loop; InterruptedError after Ctrl-C, when all is saved
 */
export type Steps = (count: number, parts: Parts, options?: StepsOptions) => AsyncGenerator<number, void, undefined>;

/** Between two checkpoints on the way, in milliseconds, at the least. */
const longestUnsaved = 60_000;
/** Of the time, saving takes at most one part in so many. */
const shareOfSaving = 50;

/** A run's one training loop: where it stands, and how it is saved. */
export class TrainingLoop {
  step = 0;
  /** The step of the last checkpoint. */
  saved: number | undefined;
  count: number | undefined;
  /** When the current step began, until something is measured in it. */
  began: number | undefined;
  each: Readonly<Record<string, number>> = {};
  readonly #folder: string;
  readonly #own: Parts;
  readonly #output: RunOutput;
  readonly #status: RunStatus;
  readonly #interrupt: Interrupt;

  constructor(
    folder: string,
    own: Parts,
    {
      output,
      status,
      interrupt,
    }: { readonly output: RunOutput; readonly status: RunStatus; readonly interrupt: Interrupt },
  ) {
    this.#folder = folder;
    this.#own = own;
    this.#output = output;
    this.#status = status;
    this.#interrupt = interrupt;
  }

  /** See `Steps`. */
  async *steps(
    count: number,
    parts: Parts,
    { saveEvery, each = {} }: StepsOptions = {},
  ): AsyncGenerator<number, void, undefined> {
    if (this.count !== undefined)
      throw new ArgumentError(
        "steps: a run has one loop, and this is its second\n  put both into one loop, or make two experiments",
      );
    if (!Number.isInteger(count) || count < 0)
      throw new ArgumentError(`steps: ${count} is no number of steps\n  use a whole number`);
    if (saveEvery !== undefined && !(Number.isInteger(saveEvery) && saveEvery >= 1))
      throw new ArgumentError(`steps: saveEvery is ${saveEvery}\n  use a whole number, 1 or more`);
    const taken = Object.keys(parts).find((name) => name in this.#own);
    if (taken !== undefined)
      throw new ArgumentError(
        `steps: a part cannot be called "${taken}", as one of the lab's own is\n  choose another name`,
      );
    this.count = count;
    this.each = each;
    const all = { ...parts, ...this.#own };
    if (hasCheckpoint(this.#folder)) this.saved = this.step = await loadCheckpoint(this.#folder, all);
    const modules = Object.entries(parts).filter((part): part is [string, Module] => isModule(part[1]));
    await writeJson(this.#folder, "model.json", moduleTree(modules));
    this.#output.begin(
      count,
      this.step,
      modules.reduce((sum, [, module]) => sum + module.parameterCount(), 0),
      each,
    );

    let [savedAt, savingTook] = [performance.now(), 0];
    const save = async () => {
      if (this.saved === this.step) return;
      const started = performance.now();
      await saveCheckpoint(this.#folder, this.step, all);
      this.saved = this.step;
      savedAt = performance.now();
      savingTook = savedAt - started;
    };
    const due = () =>
      saveEvery === undefined
        ? performance.now() - savedAt > Math.max(longestUnsaved, shareOfSaving * savingTook)
        : this.step % saveEvery === 0;
    try {
      while (this.step < count && !Object.values(parts).some((part) => "stopped" in part && part.stopped === true)) {
        if (this.#interrupt.requested) {
          await save();
          throw new InterruptedError();
        }
        if (this.step > 0 && due()) await save();
        this.step++;
        this.#status.running(this.step, count);
        this.began = performance.now();
        yield this.step;
        this.#output.stepped(this.step);
      }
    } finally {
      this.#output.end();
    }
    await save();
  }
}
