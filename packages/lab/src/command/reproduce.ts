import { defineCommand } from "citty";

export default defineCommand({
  meta: {
    name: "reproduce",
    description: "run an experiment and its baselines over several seeds, and check its claims",
  },
  run: async ({ rawArgs }) => (await import("../experiment/reproduce-command.ts")).reproduceCommand(rawArgs),
});
