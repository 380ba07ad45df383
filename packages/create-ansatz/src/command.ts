#!/usr/bin/env node
/** The command `create-ansatz`, which `npm create ansatz` runs. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { CreateError } from "./create-error.ts";
import { startResearch, type PackageManager } from "./start.ts";

const usage = `npm create ansatz NAME    start a folder for research: an experiment, a plugin and their tests

  --tarballs FOLDER    take Ansatz's packages from there, as packed by npx pnpm@10 tarballs FOLDER in a clone
  --version            show the version

pnpm create ansatz NAME and yarn create ansatz NAME do the same for these package managers.
With npm, options come after two dashes: npm create ansatz NAME -- --tarballs FOLDER`;

const options = {
  tarballs: { type: "string" },
  version: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

async function main(words: string[]): Promise<void> {
  const { values, positionals } = read(words);
  if (values.help === true) return console.log(usage);
  if (values.version === true) return console.log(version());
  const [name, ...others] = positionals;
  if (name === undefined)
    throw new CreateError("the folder needs a name\n  for example: npm create ansatz my-research");
  if (others.length > 0)
    throw new CreateError(`"${others[0]}" is one word too many\n  write npm create ansatz ${name}`);
  const { folder, commands } = await startResearch(name, { manager: managerOf(), tarballs: values.tarballs });
  console.log(`${folder}: an experiment, a plugin and their tests\n\n  ${commands.join("\n  ")}`);
}

function read(words: string[]) {
  try {
    return parseArgs({ args: words, options, allowPositionals: true });
  } catch (error) {
    throw new CreateError(`${(error as Error).message}\n  --help lists the options`);
  }
}

/** The package manager that runs this command. */
function managerOf(): PackageManager {
  const [, name = "npm"] = /^(pnpm|yarn)\//.exec(process.env["npm_config_user_agent"] ?? "") ?? [];
  return name as PackageManager;
}

function version(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  process.exitCode = error instanceof CreateError ? 2 : 1;
  const known = error instanceof Error && (error instanceof CreateError || "syscall" in error);
  console.error(known ? `${error.name}: ${error.message}` : error);
});
