import { defineCommand } from "citty";

export default defineCommand({
  meta: {
    name: "backends",
    description: "lists the backends that are installed, measures them, and says how to install the others",
  },
  args: {
    json: { type: "boolean", description: "prints a JSON list, and nothing else" },
  },
  run: async ({ args }) =>
    (await import("../backends/backends-command.ts")).backendsCommand({ json: args.json === true }),
});
