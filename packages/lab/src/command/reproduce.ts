import { defineCommand } from "citty";

export default defineCommand({
  meta: {
    name: "reproduce",
    description: "runs an experiment over its seeds with its baselines, and checks its claims",
  },
  run: async ({ rawArgs }) => (await import("../experiment/reproduce-command.ts")).reproduceCommand(rawArgs),
});
