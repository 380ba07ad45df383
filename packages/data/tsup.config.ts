import { defineConfig } from "tsup";
import shared from "../../tsup.config.ts";

/** The whole package, and what the threads of `inWorkers` run. */
export default defineConfig({ ...(shared as object), entry: { index: "src/index.ts", worker: "src/loading/worker.ts" } });
