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
    load: async () => {
      const { runCommand: run, runUsage: usage } = await import("../experiment/run-command.ts");
      return { run, usage };
    },
  },
  reproduce: {
    description: "run an experiment over several seeds, and check its claims",
    load: async () => {
      const { reproduceCommand: run, reproduceUsage: usage } = await import("../experiment/reproduce-command.ts");
      return { run, usage };
    },
  },
  profile: {
    description: "show where the time of an experiment's training step goes",
    load: async () => {
      const { profileCommand: run, profileUsage: usage } = await import("../profile/profile-command.ts");
      return { run, usage };
    },
  },
  create: {
    description: "create an experiment or a plugin that passes its tests from the start",
    load: async () => {
      const { createCommand: run, createUsage: usage } = await import("../create/create-command.ts");
      return { run, usage };
    },
  },
  list: {
    description: "list the experiments with their questions",
    load: async () => {
      const { listCommand: run, listUsage: usage } = await import("../experiment/list-experiments.ts");
      return { run, usage };
    },
  },
  watch: {
    description: "serve a page that shows runs live, to you only",
    load: async () => {
      const { watchCommand: run, watchUsage: usage } = await import("./watch.ts");
      return { run, usage };
    },
  },
  sweep: {
    description: "run an experiment with many settings, each run in its own process",
    load: async () => {
      const { sweepCommand: run, sweepUsage: usage } = await import("../sweep/sweep-command.ts");
      return { run, usage };
    },
  },
  export: {
    description: "export runs for other tools: TensorBoard event files, CSV, Parquet",
    load: async () => {
      const { exportCommand: run, exportUsage: usage } = await import("./export.ts");
      return { run, usage };
    },
  },
  backends: {
    description: "list the installed backends, measure them, and show how to install the others",
    load: async () => {
      const { backendsCommand: run, backendsUsage: usage } = await import("../backends/backends-command.ts");
      return { run, usage };
    },
  },
  compare: {
    description: "compare runs: curves with seed bands, settings that differ, significance",
    load: async () => {
      const { compareCommand: run, compareUsage: usage } = await import("./compare.ts");
      return { run, usage };
    },
  },
  complete: {
    description: "print the script by which a shell completes these commands: bash, zsh, fish, powershell",
    load: async () => {
      const { completeCommand: run, completeUsage: usage } = await import("./complete.ts");
      return { run, usage };
    },
  },
};
