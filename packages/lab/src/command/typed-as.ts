import { existsSync, readFileSync } from "node:fs";

/** The word of a script that stands for this program. */
const programWord = /^(.*\/)?ansatz$|\/command\/index\.[jt]s$/;

/**
 * How the user types a subcommand here: by the script of package.json that is running, if it fits, else by the program.
 * The first of an experiment's names follows it, unless the script has one of them.
 */
export function typedAs(subcommand: string, names: readonly string[] = []): string {
  const { npm_lifecycle_event: script = "" } = process.env;
  const own = wordsOfScript();
  const rest = names.length === 0 || names.some((name) => own?.includes(name) === true) ? "" : ` ${names[0]}`;
  if (own?.[0] !== subcommand) return `${programAsTyped()} ${subcommand}${rest}`;
  return byPnpm() ? `npx pnpm@10 ${script}${rest}` : `npm run ${script} --${rest}`;
}

/** How the user types the program here, before a subcommand. */
export function programAsTyped(): string {
  const { npm_lifecycle_event: script } = process.env;
  if (wordsOfScript()?.length === 0) return byPnpm() ? `npx pnpm@10 ${script}` : `npm run ${script} --`;
  // The repository of this package has it as a script.
  return import.meta.url.endsWith(".ts") && script !== "npx" ? "npx pnpm@10 ansatz" : "npx ansatz";
}

/** What follows the program in the script that is running: undefined if that does not run this program. */
function wordsOfScript(): string[] | undefined {
  const {
    npm_lifecycle_event: script = "",
    npm_lifecycle_script: running = "",
    npm_package_json: manifest = "",
  } = process.env;
  // pnpm adds the user's words to the script that is running.
  const text = (existsSync(manifest) ? scriptsIn(manifest)[script] : undefined) ?? running;
  const words = text.split(/\s+/);
  const at = words.findLastIndex((word) => programWord.test(word));
  return at < 0 ? undefined : words.slice(at + 1);
}

function scriptsIn(manifest: string): Readonly<Record<string, string>> {
  return (JSON.parse(readFileSync(manifest, "utf8")) as { scripts?: Record<string, string> }).scripts ?? {};
}

function byPnpm(): boolean {
  return process.env["npm_config_user_agent"]?.startsWith("pnpm/") === true;
}
