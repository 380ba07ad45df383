import { defineCommand } from "citty";

export default defineCommand({
  meta: { name: "create", description: "makes an experiment or a plugin that passes its tests at once" },
  run: async ({ rawArgs }) => (await import("../create/create-command.ts")).createCommand(rawArgs),
});
