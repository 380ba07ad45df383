import { defineConfig } from "tsup";
import shared from "../../tsup.config.ts";

/** The whole package, and what the thread of `ownThread` runs. */
export default defineConfig({
  ...(shared as object),
  entry: { index: "src/index.ts", thread: "src/thread/thread.ts" },
});
