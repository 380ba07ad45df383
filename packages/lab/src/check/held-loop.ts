import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alone, Optimizer, RandomStream, realize, type Module, type RandomState, type Tensor } from "@ansatz/core";
import { defaultStream, isModule, isTensor } from "@ansatz/core/plugin";
import type { Parts } from "../checkpoint.ts";
import type { Experiment, RunContext } from "../experiment/experiment.ts";
import { seedProcess } from "../experiment/run-experiment.ts";
import { Interrupt } from "../interrupt.ts";
import { MetricsLog } from "../metrics.ts";
import type { SettingValue } from "../settings.ts";
import { setState, stateOf, type State } from "../stateful.ts";

/** The training loop of an experiment while checks decide which step it makes next. */
export class HeldLoop {
  /** How many steps the experiment asked for. */
  readonly count: number;
  readonly models: Readonly<Record<string, Module>>;
  /** What was logged since the last call of `clear`, by name. */
  measured: Record<string, number> = {};
  readonly #parts: Parts;
  readonly #random: RandomState;
  readonly #start: ReadonlyMap<string, State>;

  private constructor(count: number, parts: Parts, start: ReadonlyMap<string, State>) {
    this.count = count;
    this.#parts = parts;
    this.models = Object.fromEntries(
      Object.entries(parts).filter((part): part is [string, Module] => isModule(part[1])),
    );
    this.#start = start;
    this.#random = defaultStream().state;
  }

  static async of(count: number, parts: Parts): Promise<HeldLoop> {
    const states = await Promise.all(Object.entries(parts).map(async ([name, part]) => [name, await stateOf(part)]));
    return new HeldLoop(count, parts, new Map(states as [string, State][]));
  }

  /** The training loss that the last step logged: `loss`, or the only metric whose name ends so. */
  get loss(): number | undefined {
    const names = Object.keys(this.measured).filter(
      (name) => name.endsWith("Loss") && !/^(validation|test)/.test(name),
    );
    return this.measured["loss"] ?? (names.length === 1 ? this.measured[names[0]!] : undefined);
  }

  /** Sets every part, and all streams, to what it was before the first step. */
  restore(): void {
    for (const [name, part] of Object.entries(this.#parts)) setState(part, this.#start.get(name)!);
    defaultStream().load(this.#random);
  }

  /** As `restore`, but weights and the state of optimizers stay: the next step sees the same batch again. */
  restoreBatch(): void {
    for (const [name, part] of Object.entries(this.#parts)) {
      const state = this.#start.get(name)!;
      if (isModule(part)) part.loadRandomState((state as unknown as { random: Record<string, RandomState> }).random);
      else if (!(part instanceof Optimizer)) setState(part, state);
    }
    defaultStream().load(this.#random);
  }
}

/** Ends an experiment whose loop has served its purpose. */
class LoopServed extends Error {}

/** A check that decides which steps a loop makes: it yields their numbers. */
export type Procedure = (loop: HeldLoop) => AsyncGenerator<number, void, undefined>;

/**
 * Runs an experiment up to its loop, whose steps a procedure decides; what follows the loop does not run. Nothing is
 * kept of the run. Returns whether the experiment has a loop, and whether it names its labels.
 *
 * @throws InterruptedError after Ctrl-C; whatever the experiment throws
 */
export async function holdLoop(
  experiment: Experiment,
  settings: Readonly<Record<string, SettingValue>>,
  procedure: Procedure,
): Promise<{ readonly hasLoop: boolean; readonly hasLabels: boolean }> {
  let loop: HeldLoop | undefined;
  let hasLabels = false;
  const log = (measured: Readonly<Record<string, number>>) => void (loop && Object.assign(loop.measured, measured));
  try {
    await runHeld(experiment, settings, {
      log,
      labels: (labels) => {
        hasLabels = true;
        return labels;
      },
      async *steps(count, parts, random) {
        loop = await HeldLoop.of(count, { ...parts, random });
        for await (const step of procedure(loop)) yield step;
        throw new LoopServed();
      },
    });
  } catch (error) {
    if (!(error instanceof LoopServed)) throw error;
  }
  return { hasLoop: loop !== undefined, hasLabels };
}

interface Held {
  readonly log: (measured: Readonly<Record<string, number>>) => void;
  readonly steps: (count: number, parts: Parts, random: RandomStream) => AsyncGenerator<number, void, undefined>;
  readonly labels: (labels: Tensor) => Tensor;
}

/** Runs an experiment with a loop and a log of the caller's, in a folder that is deleted; returns its result. */
export async function runHeld(
  experiment: Experiment,
  settings: Readonly<Record<string, SettingValue>>,
  { log, steps, labels }: Held,
): ReturnType<Experiment["run"]> {
  const folder = mkdtempSync(join(tmpdir(), "ansatz-check-"));
  const seed = settings["seed"] as number;
  const random = new RandomStream(seed);
  seedProcess(seed);
  using interrupt = new Interrupt();
  const metrics = new MetricsLog(folder);
  let made = 0;
  const context: RunContext<Readonly<Record<string, SettingValue>>> = {
    settings: settings as never,
    random,
    folder,
    interrupt,
    communicator: alone,
    labels,
    steps: async function* (count, parts) {
      for await (const step of steps(count, parts, random)) {
        interrupt.check();
        made++;
        yield step;
      }
    },
    log: async (measured) => {
      await realize(...Object.values(measured).filter((value) => isTensor(value)));
      const values: Record<string, number> = {};
      for (const [name, value] of Object.entries(measured)) values[name] = isTensor(value) ? await value.item() : value;
      metrics.append({ ...values, step: made }); // an experiment may draw its curve
      log(values);
    },
    sample: () => undefined,
    print: () => undefined,
  };
  try {
    return await experiment.run(context);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
