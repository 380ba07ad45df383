import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alone, AnsatzError, RandomStream, realize, use, type Module } from "@ansatz/core";
import { isModule, isTensor, type Backend, type Graph } from "@ansatz/core/plugin";
import type { Parts } from "../checkpoint.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { seedProcess } from "../experiment/run-experiment.ts";
import { Interrupt } from "../interrupt.ts";
import { peakMemory } from "../peak-memory.ts";
import { checkSettings, defaultsOf, type SettingValue } from "../settings.ts";
import { JavaScriptSampler } from "./javascript-samples.ts";
import { NodePlaces } from "./node-places.ts";
import { summarizeSteps, type MeasuredSteps, type Profile } from "./profile.ts";
import { timedBackend, type BackendTimes } from "./timed-backend.ts";

/** The first steps, in which programs are compiled and memory is reserved, are not measured. */
const warmup = 2;

/** Thrown in the loop of the experiment once enough steps were measured. */
class EnoughSteps extends Error {}

/** An experiment that cannot be profiled. */
export class ProfileError extends AnsatzError {}

export interface ProfileOptions {
  readonly name: string;
  readonly backend: Backend;
  /** How many steps to measure, after two that are not. */
  readonly steps: number;
  /** Settings that differ from their defaults. */
  readonly settings: Readonly<Record<string, SettingValue>>;
}

/**
 * Runs the first steps of an experiment and measures where their time goes. Nothing is kept of the run.
 *
 * @throws ProfileError if its loop ends before a step could be measured; UsageError for settings that do not exist;
 * InterruptedError after Ctrl-C; whatever the experiment throws
 * @example
 * const line = experiment({
 *   question: "How long does a step take?",
 *   settings: {},
 *   async run({ steps, log }) {
 *     for await (const _step of steps(4, {})) await log({ sum: sum(tensor([1, 2])) });
 *     return {};
 *   },
 * });
 * const backend = cpu();
 * (await profileExperiment(line, { name: "line", backend, steps: 2, settings: {} })).steps // 2
 */
export async function profileExperiment(experiment: Experiment, options: ProfileOptions): Promise<Profile> {
  const { name, backend } = options;
  const settings = { ...defaultsOf(experiment.settings), ...checkSettings(experiment.settings, options.settings) };
  const seed = settings["seed"] as number;
  const folder = mkdtempSync(join(tmpdir(), "ansatz-profile-"));
  using places = new NodePlaces();
  using interrupt = new Interrupt();
  const end = backend.profile?.();
  const timed = timedBackend(backend, (graph) => places.note(graph));
  await use(timed.backend);
  seedProcess(seed);
  const measured = new StepClock(timed.times);
  const sampler = new JavaScriptSampler();
  let sampled: ReadonlyMap<string, number> = new Map();
  const loop = async function* (count: number, parts: Parts): AsyncGenerator<number, void, undefined> {
    places.trace(Object.entries(parts).filter((part): part is [string, Module] => isModule(part[1])));
    for (let step = 1; step <= count; step++) {
      interrupt.check();
      places.nextStep();
      if (step > warmup) await sampler.start();
      if (step > warmup) measured.begin();
      yield step;
      if (step > warmup) measured.end();
      if (step === warmup + options.steps) break;
    }
    sampled = await sampler.stop();
    if (measured.steps === options.steps) throw new EnoughSteps();
  };
  try {
    await experiment.run({
      settings: settings as never,
      random: new RandomStream(seed),
      folder,
      interrupt,
      communicator: alone,
      steps: loop,
      labels: (labels) => labels,
      log: async (metrics) => {
        const tensors = Object.values(metrics).filter((value) => isTensor(value));
        await realize(...tensors);
        for (const tensor of tensors) await tensor.item();
      },
      sample: () => undefined,
      print: () => undefined,
    });
  } catch (error) {
    if (!(error instanceof EnoughSteps)) throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const programs = (await end?.()) ?? [];
  if (measured.steps === 0)
    throw new ProfileError(
      `${name} has no step that can be measured: the first ${warmup} of its loop are not, because they compile\n` +
        "  choose settings with more steps, or an experiment with a training loop",
    );
  return {
    experiment: name,
    backend: backend.name,
    device: backend.memory().device,
    steps: measured.steps,
    ...summarizeSteps(measured, programs, places),
    javascript: [...sampled]
      .map(([name, milliseconds]) => ({ name, milliseconds: milliseconds / measured.steps }))
      .toSorted((a, b) => b.milliseconds - a.milliseconds),
    compiling: timed.times.compiling,
    peakMemory: peakMemory(),
  };
}

/** Adds up what happens in the steps that are measured. */
class StepClock implements MeasuredSteps {
  steps = 0;
  elapsed = 0;
  compiling = 0;
  moving = 0;
  running = 0;
  readonly runs = new Map<Graph, number>();
  readonly #times: BackendTimes;
  #began = { at: 0, compiling: 0, moving: 0, running: 0, runs: new Map<Graph, number>() };

  constructor(times: BackendTimes) {
    this.#times = times;
  }

  begin(): void {
    const { compiling, moving, running, runs } = this.#times;
    this.#began = { at: performance.now(), compiling, moving, running, runs: new Map(runs) };
  }

  end(): void {
    this.elapsed += performance.now() - this.#began.at;
    this.steps++;
    for (const kind of ["compiling", "moving", "running"] as const) this[kind] += this.#times[kind] - this.#began[kind];
    for (const [graph, count] of this.#times.runs)
      this.runs.set(graph, (this.runs.get(graph) ?? 0) + count - (this.#began.runs.get(graph) ?? 0));
  }
}
