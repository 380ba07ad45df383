import { nearest } from "@ansatz/core/plugin";
import { writing } from "@ansatz/data";
import { CreateError, createExperiment, createPlugin, pluginKinds, type Created, type PluginKind } from "create-ansatz";
import { UsageError } from "../settings.ts";
import { jsonOption, printJson, readCommandLine } from "./command-line.ts";
import { typedAs } from "./typed-as.ts";

export const usage = {
  usage: `ansatz create experiment NAME         create experiments/NAME
ansatz create plugin KIND-NAME        create plugins/KIND-NAME; kinds: ${pluginKinds.join(", ")}

In Ansatz's own workspace they become packages of the workspace; anywhere else they depend on the published packages.`,
  options: { json: jsonOption },
  names: { what: "what to create, and its name", least: 0, most: Infinity, choices: ["experiment", "plugin"] },
} as const;

const makers: Readonly<Record<string, { readonly example: string; make(name: string): Promise<Created> }>> = {
  experiment: { example: "sine-wave", make: createExperiment },
  plugin: { example: "optim-signum", make: makePlugin },
};

/** Runs `ansatz create` with these words. @throws UsageError for words that it cannot read; WriteError */
export async function run(words: readonly string[]): Promise<void> {
  const read = readCommandLine(usage, words);
  if (read === undefined) return;
  const [what = "", name, ...others] = read.names;
  if (!Object.hasOwn(makers, what)) {
    const guess = nearest(what, Object.keys(makers));
    const problem = what === "" ? "create needs to know what to create" : `create cannot make "${what}"`;
    const mend =
      guess === undefined
        ? `use ${typedAs("create")} experiment NAME, or ${typedAs("create")} plugin KIND-NAME`
        : `did you mean ${guess}?`;
    throw new UsageError(`${problem}\n  ${mend}`);
  }
  const { example, make } = makers[what]!;
  if (name === undefined)
    throw new UsageError(`create ${what} needs a name\n  for example: ${typedAs("create")} ${what} ${example}`);
  if (others.length > 0)
    throw new UsageError(`create ${what} takes one name, but "${others.join(" ")}" follows\n  create one at a time`);
  const { folder, commands } = await writing(name, () => make(name)).catch((error: unknown) => {
    throw error instanceof CreateError ? new UsageError(error.message) : error;
  });
  if (read.options.json) printJson({ folder, commands });
  else console.log(`${folder}: ${what === "plugin" ? "a plugin" : "an experiment"}\n\n  ${commands.join("\n  ")}`);
}

async function makePlugin(whole: string): Promise<Created> {
  const [kind = "", ...rest] = whole.split("-");
  const name = rest.join("-");
  if ((pluginKinds as readonly string[]).includes(kind) && name !== "") return createPlugin(kind as PluginKind, name);
  const guess = nearest(kind, pluginKinds);
  const suggestion = guess === undefined || guess === kind ? "" : `; did you mean ${guess}-${name || "NAME"}?`;
  throw new UsageError(
    `"${whole}" does not name a kind of plugin\n` +
      `  begin with ${pluginKinds.map((one) => `${one}-`).join(", ")}${suggestion}`,
  );
}
