import { defineCommand } from "citty";

export default defineCommand({
  meta: { name: "run", description: "runs an experiment once, or goes on with a run that was stopped" },
  run: async ({ rawArgs }) => (await import("../experiment/run-command.ts")).runCommand(rawArgs),
});
