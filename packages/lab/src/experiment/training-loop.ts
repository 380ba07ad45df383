import { ArgumentError, type Module } from "@ansatz/core";
import { isModule, moduleTree } from "@ansatz/core/plugin";
import { hasCheckpoint, loadCheckpoint, loadParts, lowestCost, saveCheckpoint, type Parts } from "../checkpoint.ts";
import { InterruptedError, type Interrupt } from "../interrupt.ts";
import type { BestMetric, Metrics } from "../metrics.ts";
import type { Ranks } from "../parallel/ranks.ts";
import { shareParts } from "../parallel/share-parts.ts";
import { divideStreams } from "../parallel/streams-of-rank.ts";
import { writeJson } from "../run-folder.ts";
import { UsageError } from "../settings.ts";
import type { Budget } from "./budget.ts";
import { showOrigin, type Origin } from "./origin.ts";
import type { RunOutput } from "./run-output.ts";
import type { RunStatus } from "./run-status.ts";
import type { RunEnd } from "./verdict.ts";

export interface StepsOptions {
  /**
   * Steps between checkpoints. Default: a checkpoint every minute, or less often if saving is slow, so that it takes at
   * most a fiftieth of the time.
   */
  readonly saveEvery?: number;
  /** What one step processes, e.g. `{ tokens: 768 }`; the lab then logs `tokensPerSecond`. */
  readonly each?: Readonly<Record<string, number>>;
}

/**
 * The steps of a training loop, counted from 1: `for await (const step of steps(1_500, { model, optimizer }))`.
 *
 * `parts` names everything that changes from step to step: modules with their random streams, optimizers, random
 * streams, and anything with `stateDict` and `loadStateDict`. A checkpoint holds these parts, the run's own random
 * stream, the process-wide stream, and the lengths of the run's files. All of it is restored before the first step of a
 * resumed run, so its numbers are those of a run that was never stopped. The loop ends when a part has `stopped` set,
 * or after the step in which the budget of `--budget` is spent; the code after the loop then runs as usual.
 *
 * @throws ArgumentError for a second loop; InterruptedError after Ctrl-C, once everything is saved
 */
export type Steps = (count: number, parts: Parts, options?: StepsOptions) => AsyncGenerator<number, void, undefined>;

/** The least time between two checkpoints, in milliseconds, if `saveEvery` is not given. */
const leastInterval = 60_000;
/** Saving takes at most this fraction of the time: one part in 50. */
const shareOfSaving = 50;

interface LoopContext {
  readonly output: RunOutput;
  readonly status: RunStatus;
  readonly interrupt: Interrupt;
  readonly budget: Budget;
  /** The run whose parts this one starts with. */
  readonly origin: Origin | undefined;
  /** The number of checkpoints to keep. */
  readonly keep: number;
  /** The metric by which the best checkpoint is kept, too. */
  readonly best: BestMetric | undefined;
  /** The processes that share each batch. */
  readonly ranks: Ranks;
  /** The share of the steps after which the run stops, saved. Default: 1, its end. */
  readonly stopAt: number;
}

/** Whether one of the parts of a loop has ended it, as `EarlyStopping` does. */
export function isStopped(parts: Parts): boolean {
  return Object.values(parts).some((part) => "stopped" in part && part.stopped === true);
}

/** The step after which a share of a run's steps is done: at least one. */
export function stopOf(share: number, count: number): number {
  return Math.max(1, Math.round(share * count));
}

/** The training loop of a run: its position, and how it is saved. */
export class TrainingLoop {
  step = 0;
  /** The steps that are done. */
  made = 0;
  /** The step of the last checkpoint. */
  saved: number | undefined;
  count: number | undefined;
  /** Why the loop ended; undefined while it runs, and if something is thrown in it. */
  end: Exclude<RunEnd, "interrupted" | "failed"> | undefined;
  /** When the current step began; undefined once something was measured in it. */
  began: number | undefined;
  each: Readonly<Record<string, number>> = {};
  readonly #folder: string;
  readonly #own: Parts;
  readonly #context: LoopContext;
  /** The lowest cost so far, and the step at which it was measured in this process. */
  #best = { cost: Infinity, step: -1 };

  constructor(folder: string, own: Parts, context: LoopContext) {
    this.#folder = folder;
    this.#own = own;
    this.#context = context;
  }

  /** Called when something was measured: the best step so far is saved when it is done. */
  measured(metrics: Metrics): void {
    const { best } = this.#context;
    if (best === undefined) return;
    const value = metrics[best.metric];
    const cost = value === undefined ? NaN : best.highest ? -value : value;
    if (Number.isFinite(cost) && cost < this.#best.cost) this.#best = { cost, step: this.step };
  }

  /** See `Steps`. */
  async *steps(
    count: number,
    parts: Parts,
    { saveEvery, each = {} }: StepsOptions = {},
  ): AsyncGenerator<number, void, undefined> {
    if (this.count !== undefined)
      throw new ArgumentError(
        "steps: this is the second loop of a run, which can have only one\n" +
          "  combine the loops, or make two experiments",
      );
    if (!Number.isInteger(count) || count < 0)
      throw new ArgumentError(`steps: the number of steps cannot be ${count}\n  use a whole number, 0 or more`);
    if (saveEvery !== undefined && !(Number.isInteger(saveEvery) && saveEvery >= 1))
      throw new ArgumentError(`steps: saveEvery is ${saveEvery}\n  use a whole number, 1 or more`);
    const taken = Object.keys(parts).find((name) => name in this.#own);
    if (taken !== undefined)
      throw new ArgumentError(
        `steps: a part cannot be called "${taken}": the lab saves a part of that name\n  choose another name`,
      );
    const { output, status, interrupt, budget, origin, keep, best, ranks, stopAt } = this.#context;
    const stop = stopOf(stopAt, count);
    this.count = count;
    this.each = each;
    const all = { ...parts, ...this.#own };
    if (hasCheckpoint(this.#folder)) this.saved = this.step = await loadCheckpoint(this.#folder, all);
    else if (origin !== undefined) await this.#startFrom(origin, all);
    const { files: _files, ...shared } = all; // each process has its own
    await shareParts(ranks, shared);
    divideStreams(ranks, parts);
    this.step = await ranks.share(this.step);
    this.#best = { cost: await lowestCost(this.#folder), step: -1 };
    status.running(this.step, count);
    const modules = Object.entries(parts).filter((part): part is [string, Module] => isModule(part[1]));
    await writeJson(this.#folder, "model.json", moduleTree(modules));
    output.begin(
      count,
      this.step,
      modules.reduce((sum, [, module]) => sum + module.parameterCount(), 0),
      each,
    );

    let [savedAt, savingTook] = [performance.now(), 0];
    const save = async () => {
      if (this.saved === this.step || !ranks.leads) return;
      const started = performance.now();
      const cost = this.#best.step === this.step ? this.#best.cost : undefined;
      await saveCheckpoint(this.#folder, this.step, all, { keep, ...(cost !== undefined && { cost }) });
      this.saved = this.step;
      savedAt = performance.now();
      savingTook = savedAt - started;
    };
    const due = () =>
      this.#best.step === this.step ||
      (saveEvery === undefined
        ? performance.now() - savedAt > Math.max(leastInterval, shareOfSaving * savingTook)
        : this.step % saveEvery === 0);
    const first = (this.made = this.step);
    try {
      for (;;) {
        const [stopped, spent, interrupted] = await ranks.agree(
          isStopped(parts),
          budget.spent && this.step > first, // at least one step, so that every process gets on
          interrupt.requested,
        );
        this.end = this.step >= count ? "done" : stopped ? "stopped early" : spent ? "budget spent" : undefined;
        if (this.end !== undefined) break;
        if (interrupted || this.step >= stop) {
          await save();
          await ranks.share(this.step); // no process ends before all is saved
          throw new InterruptedError();
        }
        if (this.step > 0 && due()) await save();
        this.step++;
        status.running(this.step, count);
        this.began = performance.now();
        yield this.step;
        this.made = this.step;
        output.stepped(this.step);
      }
    } finally {
      output.end();
    }
    await save();
    if (this.end === "budget spent") output.print(`the budget is spent after step ${this.step} of ${count}`);
    if (best !== undefined && this.#best.cost === Infinity)
      output.print(`no checkpoint is the best: ${best.metric} was never measured`);
  }

  /**
   * Gives parts the states that they have in another run's checkpoint.
   * @throws UsageError for a part that isn't there
   */
  async #startFrom(origin: Origin, parts: Parts): Promise<void> {
    const { files: _files, ...all } = parts; // a run writes its own
    const unknown = origin.parts.find((name) => !(name in all));
    if (unknown !== undefined)
      throw new UsageError(
        `this experiment has no part "${unknown}" to start from\n  its parts are ${Object.keys(all).join(", ")}`,
      );
    await loadParts(origin.folder, Object.fromEntries(origin.parts.map((name) => [name, all[name]!])), origin.step);
    this.#context.output.print(`starting from the ${showOrigin(origin)}`);
  }
}
