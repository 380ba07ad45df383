import { readFileSync } from "node:fs";
import { commands } from "./commands.ts";
import { programAsTyped } from "./typed-as.ts";

/** Runs `ansatz` with these words. What goes wrong is printed, and sets the exit status. */
export async function main(words: readonly string[]): Promise<void> {
  await runCommand(words).catch(explain);
}

async function runCommand(words: readonly string[]): Promise<void> {
  const [first = "help", ...others] = words;
  const asksForHelp = ["help", "--help", "-h"].includes(first);
  if (first === "--version") return console.log(version());
  if (asksForHelp && others.length === 0) return console.log(usage());
  // `help run` is `run --help`.
  const [name, rest] = asksForHelp ? [others[0]!, [...others.slice(1), "--help"]] : [first, others];
  if (!Object.hasOwn(commands, name)) {
    const [{ nearest }, { UsageError }] = await Promise.all([import("@ansatz/core/plugin"), import("../settings.ts")]);
    const guess = nearest(name, Object.keys(commands));
    const mend = guess === undefined ? `${programAsTyped()} --help lists the commands` : `did you mean ${guess}?`;
    throw new UsageError(`there is no command "${name}"\n  ${mend}`);
  }
  const { run } = await commands[name]!.load();
  await run(rest);
}

function usage(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const program = programAsTyped();
  const lines = Object.entries(commands).map(([name, { description }]) => `  ${name.padEnd(width)}  ${description}`);
  return `${program} COMMAND …    run, resume, reproduce and compare experiments with neural networks

${lines.join("\n")}

${program} help COMMAND shows how each is used; ${program} --version shows the version.`;
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
