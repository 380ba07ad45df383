import { defineCommand } from "citty";

export default defineCommand({
  meta: { name: "list", description: "list the experiments and their questions" },
  args: {},
  run: async () => (await import("../experiment/list-experiments.ts")).listExperiments(),
});
