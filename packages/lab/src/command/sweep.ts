import { defineCommand } from "citty";

export default defineCommand({
  meta: { name: "sweep", description: "run an experiment with many settings, each run in its own process" },
  run: async ({ rawArgs }) => (await import("../sweep/sweep-command.ts")).sweepCommand(rawArgs),
});
