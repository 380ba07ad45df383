import { nearest } from "@ansatz/core/plugin";
import { jsonOption, printJson, readCommandLine } from "../command/command-line.ts";
import { typedAs } from "../command/typed-as.ts";
import { UsageError } from "../settings.ts";
import { experimentFiles } from "./experiment-files.ts";
import { pluginFiles, pluginKinds } from "./plugin-files.ts";
import { findWorkspace, write } from "./scaffold.ts";

export const usage = {
  usage: `ansatz create experiment NAME         create experiments/NAME
ansatz create plugin KIND-NAME        create plugins/KIND-NAME; kinds: ${Object.keys(pluginKinds).join(", ")}

In Ansatz's own workspace they become packages of the workspace; anywhere else they depend on the published packages.`,
  options: { json: jsonOption },
  names: { what: "what to create, and its name", least: 0, most: Infinity, choices: ["experiment", "plugin"] },
} as const;

/** Runs `ansatz create` with these words. @throws UsageError for words that it cannot read; WriteError */
export async function run(words: readonly string[]): Promise<void> {
  const read = readCommandLine(usage, words);
  if (read === undefined) return;
  const [what = "", name, ...others] = read.names;
  const makers = { experiment: makeExperiment, plugin: makePlugin };
  if (!Object.hasOwn(makers, what)) {
    const guess = nearest(what, Object.keys(makers));
    const problem = what === "" ? "create needs to know what to create" : `create cannot make "${what}"`;
    const mend =
      guess === undefined
        ? `use ${typedAs("create")} experiment NAME, or ${typedAs("create")} plugin KIND-NAME`
        : `did you mean ${guess}?`;
    throw new UsageError(`${problem}\n  ${mend}`);
  }
  const example = what === "plugin" ? "optim-signum" : "sine-wave";
  if (name === undefined)
    throw new UsageError(`create ${what} needs a name\n  for example: ${typedAs("create")} ${what} ${example}`);
  if (others.length > 0)
    throw new UsageError(`create ${what} takes one name, but "${others.join(" ")}" follows\n  create one at a time`);
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new UsageError(
      `"${name}" isn't a valid name for a package\n  use lower-case letters, digits and hyphens, e.g. ${example}`,
    );
  const { created, folder, commands } = await makers[what as keyof typeof makers](name);
  if (read.options.json) printJson({ folder, commands });
  else console.log(`${folder}: ${created}\n\n  ${commands.join("\n  ")}`);
}

/** What was created, where, and the commands to go on with. */
interface Created {
  readonly created: string;
  readonly folder: string;
  readonly commands: readonly string[];
}

async function makeExperiment(name: string): Promise<Created> {
  const workspace = findWorkspace();
  const folder = await write("experiments", name, experimentFiles(name, workspace), workspace);
  const commands =
    workspace === undefined
      ? [`cd ${folder}`, "npm install", "npm test", "npm run experiment"]
      : [
          "npx pnpm@10 install",
          `npx pnpm@10 test --project @ansatz/experiment-${name}`,
          `npx pnpm@10 experiment ${name}`,
        ];
  return { created: "an experiment", folder, commands };
}

async function makePlugin(name: string): Promise<Created> {
  const kind = name.split("-")[0]!;
  const known = Object.keys(pluginKinds);
  if (!Object.hasOwn(pluginKinds, kind) || !name.includes("-")) {
    const guess = nearest(kind, known);
    const suggestion =
      guess === undefined || guess === kind ? "" : `; did you mean ${guess}-${name.slice(kind.length + 1) || "NAME"}?`;
    throw new UsageError(
      `"${name}" does not name a kind of plugin\n  begin with ${known.map((one) => `${one}-`).join(", ")}${suggestion}`,
    );
  }
  const workspace = findWorkspace();
  const folder = await write("plugins", name, pluginFiles(name, workspace), workspace);
  const commands =
    workspace === undefined
      ? [`cd ${folder}`, "npm install", "npm test"]
      : ["npx pnpm@10 install", `npx pnpm@10 test --project @ansatz/${name}`];
  return { created: "a plugin", folder, commands };
}
