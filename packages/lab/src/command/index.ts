#!/usr/bin/env node
/** The command `ansatz`. */
import { main } from "./main.ts";

// A reader such as `head` may go away before everything is printed. A run that goes on stops by itself.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  if (process.stdout.listenerCount("error") === 1) process.exit();
});

// Each worker of a backend listens to them, too, and there is one for each core.
for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(0);

await main(process.argv.slice(2));
