import { existsSync } from "node:fs";
import { defineCommand } from "citty";

export default defineCommand({
  meta: { name: "watch", description: "serve a page that shows runs live, to you only" },
  args: {
    folder: { type: "positional", description: "the folder that holds the runs", default: "runs" },
    port: { type: "string", description: "the port; 0 for any free port", default: "0" },
  },
  async run({ args }) {
    const [{ watch }, { UsageError }] = await Promise.all([import("../watch/server.ts"), import("../settings.ts")]);
    if (!existsSync(args.folder))
      throw new UsageError(
        `there is no folder ${args.folder}\n` +
          "  start a run first, or name the folder that holds the runs: ansatz watch FOLDER",
      );
    const { url } = await watch(args.folder, { port: Number(args.port) });
    console.log(`${url}  shows the runs in ${args.folder}; Ctrl-C stops it`);
  },
});
