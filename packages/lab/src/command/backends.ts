import { defineCommand } from "citty";

export default defineCommand({
  meta: {
    name: "backends",
    description: "list the installed backends, measure them, and show how to install the others",
  },
  args: {
    json: { type: "boolean", description: "print JSON, and nothing else" },
  },
  run: async ({ args }) =>
    (await import("../backends/backends-command.ts")).backendsCommand({ json: args.json === true }),
});
