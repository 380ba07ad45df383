import { mkdirSync, writeFileSync } from "node:fs";
import { defineConfig } from "tsup";
import shared from "../../tsup.config.ts";
import { bundlePage } from "./src/watch/bundle-page.ts";

/**
 * The library, the command `ansatz` and what it looks at backends with, which share their parts, and the page of
 * `ansatz watch`.
 */
export default defineConfig({
  ...(shared as object),
  entry: ["src/index.ts", "src/command/index.ts", "src/backends/probe.ts"],
  async onSuccess() {
    const { script, style } = await bundlePage();
    mkdirSync("dist/page", { recursive: true });
    writeFileSync("dist/page/page.js", script);
    writeFileSync("dist/page/page.css", style);
  },
});
