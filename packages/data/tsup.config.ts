import { defineConfig } from "tsup";
import shared from "../../tsup.config.ts";

/** The whole package, what of it runs in browsers, and what the threads of `inWorkers` run. */
export default defineConfig({
  ...(shared as object),
  entry: { index: "src/index.ts", browser: "src/browser.ts", worker: "src/loading/worker.ts" },
});
