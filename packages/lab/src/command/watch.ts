import { existsSync } from "node:fs";
import { defineCommand } from "citty";
import { ArgumentError } from "@ansatz/core";
import { watch } from "../watch/server.ts";

export default defineCommand({
  meta: { name: "watch", description: "serves a page on this machine alone that follows runs live" },
  args: {
    folder: { type: "positional", description: "the folder below which runs are", default: "runs" },
    port: { type: "string", description: "the port; 0 for any that is free", default: "0" },
  },
  async run({ args }) {
    const port = Number(args.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new ArgumentError(`--port cannot be "${args.port}"\n  use a whole number, 0 to 65535`);
    if (!existsSync(args.folder)) throw new ArgumentError(`there is no folder ${args.folder}\n  start a run first, or name the folder that holds runs: ansatz watch FOLDER`);
    const { url } = await watch(args.folder, { port });
    console.log(`${url}  follows the runs in ${args.folder}; Ctrl-C ends it`);
  },
});
