import { existsSync } from "node:fs";
import { defineCommand } from "citty";

export default defineCommand({
  meta: { name: "watch", description: "serves a page on this machine alone that follows runs live" },
  args: {
    folder: { type: "positional", description: "the folder below which runs are", default: "runs" },
    port: { type: "string", description: "the port; 0 for any that is free", default: "0" },
  },
  async run({ args }) {
    const [{ watch }, { UsageError }] = await Promise.all([import("../watch/server.ts"), import("../settings.ts")]);
    if (!existsSync(args.folder))
      throw new UsageError(
        `there is no folder ${args.folder}\n  start a run first, or name the folder that holds runs: ansatz watch FOLDER`,
      );
    const { url } = await watch(args.folder, { port: Number(args.port) });
    console.log(`${url}  follows the runs in ${args.folder}; Ctrl-C ends it`);
  },
});
