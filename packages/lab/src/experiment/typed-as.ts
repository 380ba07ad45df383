/** How the user typed a subcommand: through a script of package.json, or directly. */
export function typedAs(subcommand: string): string {
  const {
    npm_lifecycle_event: script,
    npm_lifecycle_script: text = "",
    npm_config_user_agent: agent = "",
  } = process.env;
  if (script === undefined || script === "npx") return `npx ansatz ${subcommand}`;
  const named = text.split(" ").includes(subcommand) ? script : `${script} ${subcommand}`;
  return agent.startsWith("pnpm/") ? `npx pnpm@10 ${named}` : `npm run ${named} --`;
}
