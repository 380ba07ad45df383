#!/usr/bin/env node
/** The command `ansatz`. A subcommand's modules are loaded only when it runs, so that help appears at once. */
import { readFileSync } from "node:fs";

interface Command {
  readonly description: string;
  /** Loads what runs the command with its words. */
  readonly load: () => Promise<(words: readonly string[]) => Promise<void>>;
}

const commands: Readonly<Record<string, Command>> = {
  run: {
    description: "run an experiment once, or resume a run that was stopped",
    load: async () => (await import("../experiment/run-command.ts")).runCommand,
  },
  reproduce: {
    description: "run an experiment over several seeds, and check its claims",
    load: async () => (await import("../experiment/reproduce-command.ts")).reproduceCommand,
  },
  profile: {
    description: "show where the time of an experiment's training step goes",
    load: async () => (await import("../profile/profile-command.ts")).profileCommand,
  },
  create: {
    description: "create an experiment or a plugin that passes its tests from the start",
    load: async () => (await import("../create/create-command.ts")).createCommand,
  },
  list: {
    description: "list the experiments with their questions",
    load: async () => (await import("../experiment/list-experiments.ts")).listCommand,
  },
  watch: {
    description: "serve a page that shows runs live, to you only",
    load: async () => (await import("./watch.ts")).watchCommand,
  },
  sweep: {
    description: "run an experiment with many settings, each run in its own process",
    load: async () => (await import("../sweep/sweep-command.ts")).sweepCommand,
  },
  export: {
    description: "export runs for other tools: TensorBoard event files, CSV, Parquet",
    load: async () => (await import("./export.ts")).exportCommand,
  },
  backends: {
    description: "list the installed backends, measure them, and show how to install the others",
    load: async () => (await import("../backends/backends-command.ts")).backendsCommand,
  },
  compare: {
    description: "compare runs: curves with seed bands, settings that differ, significance",
    load: async () => (await import("./compare.ts")).compareCommand,
  },
};

async function main(words: readonly string[]): Promise<void> {
  const [first = "help", ...others] = words;
  const asksForHelp = ["help", "--help", "-h"].includes(first);
  if (first === "--version") return console.log(version());
  if (asksForHelp && others.length === 0) return console.log(usage());
  // `help run` is `run --help`.
  const [name, rest] = asksForHelp ? [others[0]!, [...others.slice(1), "--help"]] : [first, others];
  if (!Object.hasOwn(commands, name)) {
    const [{ nearest }, { UsageError }] = await Promise.all([import("@ansatz/core/plugin"), import("../settings.ts")]);
    const guess = nearest(name, Object.keys(commands));
    const mend = guess === undefined ? "ansatz --help lists the commands" : `did you mean ${guess}?`;
    throw new UsageError(`there is no command "${name}"\n  ${mend}`);
  }
  await (
    await commands[name]!.load()
  )(rest);
}

function usage(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = Object.entries(commands).map(([name, { description }]) => `  ${name.padEnd(width)}  ${description}`);
  return `ansatz COMMAND …    run, resume, reproduce and compare experiments with neural networks

${lines.join("\n")}

ansatz help COMMAND shows how each is used; ansatz --version shows the version.`;
}

function version(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

/**
 * The user's mistakes are shown as a message, with status 2 if the command line was wrong. Every other error is shown
 * with its stack.
 */
async function explain(error: unknown): Promise<void> {
  const { AnsatzError } = await import("@ansatz/core");
  const { name, message } = error as Error;
  process.exitCode = name === "UsageError" ? 2 : 1;
  console.error(error instanceof AnsatzError ? `${name}: ${message}` : error);
}

await main(process.argv.slice(2)).catch(explain);
