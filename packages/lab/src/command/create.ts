import { defineCommand } from "citty";

export default defineCommand({
  meta: { name: "create", description: "create an experiment or a plugin that passes its tests from the start" },
  run: async ({ rawArgs }) => (await import("../create/create-command.ts")).createCommand(rawArgs),
});
