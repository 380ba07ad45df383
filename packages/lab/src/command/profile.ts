import { defineCommand } from "citty";

export default defineCommand({
  meta: { name: "profile", description: "measure where the time of an experiment's training step goes" },
  run: async ({ rawArgs }) => (await import("../profile/profile-command.ts")).profileCommand(rawArgs),
});
