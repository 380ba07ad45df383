import { defineConfig } from "tsup";
import shared from "../../tsup.config.ts";

/** The backend, and the two files behind `#platform`: one for Node, one for browsers. */
export default defineConfig({
  ...(shared as object),
  entry: ["src/index.ts", "src/node.ts", "src/browser.ts"],
  external: ["#platform"],
});
