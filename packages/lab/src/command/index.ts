#!/usr/bin/env node
/** The command `ansatz`. A subcommand's modules are loaded only when it runs, so that help appears at once. */
import { stripVTControlCharacters } from "node:util";
import { defineCommand, renderUsage, runCommand, type CommandDef } from "citty";

const ansatz = defineCommand({
  meta: { name: "ansatz", description: "run, resume, reproduce and compare experiments with neural networks" },
  subCommands: {
    run: () => import("./run.ts").then((m) => m.default),
    reproduce: () => import("./reproduce.ts").then((m) => m.default),
    profile: () => import("./profile.ts").then((m) => m.default),
    create: () => import("./create.ts").then((m) => m.default),
    list: () => import("./list.ts").then((m) => m.default),
    watch: () => import("./watch.ts").then((m) => m.default),
    sweep: () => import("./sweep.ts").then((m) => m.default),
    export: () => import("./export.ts").then((m) => m.default),
    backends: () => import("./backends.ts").then((m) => m.default),
    compare: () => import("./compare.ts").then((m) => m.default),
  },
});

type Commands = Readonly<Record<string, () => Promise<CommandDef>>>;

async function main(words: readonly string[]): Promise<void> {
  const [name = "--help", ...rest] = words;
  const commands = ansatz.subCommands as Commands;
  if (name === "--help" || name === "-h") return show(await renderUsage(ansatz));
  const command = Object.hasOwn(commands, name) ? await commands[name]!() : undefined;
  if (command === undefined) {
    const [{ nearest }, { UsageError }] = await Promise.all([import("@ansatz/core/plugin"), import("../settings.ts")]);
    const guess = nearest(name, Object.keys(commands));
    const mend = guess === undefined ? "ansatz --help lists the commands" : `did you mean ${guess}?`;
    throw new UsageError(`there is no command "${name}"\n  ${mend}`);
  }
  // A command without declared arguments (run) prints its own help, which depends on the experiment.
  if (command.args !== undefined && (rest.includes("--help") || rest.includes("-h")))
    return show(await renderUsage(command, ansatz));
  await runCommand(command, { rawArgs: rest });
}

function show(text: string): void {
  console.log(process.stdout.isTTY ? text : stripVTControlCharacters(text));
}

/**
 * The user's mistakes are shown as a message, with status 2 if the command line was wrong. Every other error is shown
 * with its stack.
 */
async function explain(error: unknown): Promise<void> {
  const { AnsatzError } = await import("@ansatz/core");
  const { name, message } = error as Error;
  const usage = name === "UsageError" || name === "CLIError";
  process.exitCode = usage ? 2 : 1;
  if (usage || error instanceof AnsatzError)
    console.error(`${name === "CLIError" ? "UsageError" : name}: ${stripVTControlCharacters(message)}`);
  else console.error(error);
}

await main(process.argv.slice(2)).catch(explain);
