import { defineCommand } from "citty";

export default defineCommand({
  meta: { name: "sweep", description: "runs an experiment with many settings, in processes of their own" },
  run: async ({ rawArgs }) => (await import("../sweep/sweep-command.ts")).sweepCommand(rawArgs),
});
