/**
 * How the user typed a subcommand: through a script of package.json, or directly. The first of an experiment's names
 * follows it, unless the script has one of them.
 */
export function typedAs(subcommand: string, names: readonly string[] = []): string {
  const {
    npm_lifecycle_event: script,
    npm_lifecycle_script: text = "",
    npm_config_user_agent: agent = "",
  } = process.env;
  const words = text.split(" ");
  const rest = names.length === 0 || names.some((name) => words.includes(name)) ? "" : ` ${names[0]}`;
  if (script === undefined || script === "npx") return `npx ansatz ${subcommand}${rest}`;
  const named = words.includes(subcommand) ? script : `${script} ${subcommand}`;
  return agent.startsWith("pnpm/") ? `npx pnpm@10 ${named}${rest}` : `npm run ${named} --${rest}`;
}
