import { defineCommand } from "citty";

export default defineCommand({
  meta: { name: "run", description: "run an experiment once, or resume a run that was stopped" },
  run: async ({ rawArgs }) => (await import("../experiment/run-command.ts")).runCommand(rawArgs),
});
