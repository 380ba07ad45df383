import type { CommandUsage } from "./command-line.ts";

/** A command of `ansatz`. */
interface Command {
  readonly description: string;
  /** Loads how it is used, and what runs it with its words. */
  readonly load: () => Promise<{
    readonly usage: CommandUsage;
    readonly run: (words: readonly string[]) => Promise<void>;
  }>;
}

/** The commands of `ansatz`. The modules of each are loaded only when it runs, so that help appears at once. */
export const commands: Readonly<Record<string, Command>> = {
  run: {
    description: "run an experiment once, or resume a run that was stopped",
    load: () => import("../experiment/run-command.ts"),
  },
  reproduce: {
    description: "run an experiment over several seeds, and check its claims",
    load: () => import("../reproduce/reproduce-command.ts"),
  },
  check: {
    description: "check an experiment: gradients, one batch, dead units, shuffled labels, a resumed run",
    load: () => import("../check/check-command.ts"),
  },
  profile: {
    description: "show where the time of an experiment's training step goes",
    load: () => import("../profile/profile-command.ts"),
  },
  create: {
    description: "create an experiment or a plugin that passes its tests from the start",
    load: () => import("./create.ts"),
  },
  list: {
    description: "list the experiments with their questions",
    load: () => import("../experiment/list-experiments.ts"),
  },
  watch: {
    description: "serve a page that shows runs live, to you only",
    load: () => import("./watch.ts"),
  },
  sweep: {
    description: "run an experiment with many settings, each run in its own process",
    load: () => import("../sweep/sweep-command.ts"),
  },
  export: {
    description: "export runs for other tools: TensorBoard event files, CSV, Parquet",
    load: () => import("./export.ts"),
  },
  backends: {
    description: "list the installed backends, measure them, and show how to install the others",
    load: () => import("../backends/backends-command.ts"),
  },
  compare: {
    description: "compare runs: curves with seed bands, settings that differ, significance",
    load: () => import("./compare.ts"),
  },
  plan: {
    description: "predict the step time and memory of a model on many devices, for each way to divide it",
    load: () => import("../plan/plan-command.ts"),
  },
  diff: {
    description: "find the first step and tensor at which two runs part",
    load: () => import("../diff/diff-command.ts"),
  },
  complete: {
    description: "print the script by which a shell completes these commands: bash, zsh, fish, powershell",
    load: () => import("./complete.ts"),
  },
};
