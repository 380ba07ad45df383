import { mkdirSync, writeFileSync } from "node:fs";
import { defineConfig } from "tsup";
import shared from "../../tsup.config.ts";
import { bundlePage } from "./src/watch/bundle-page.ts";

/** The library and the command `ansatz`, which share their parts, and the page of `ansatz watch`. */
export default defineConfig({
  ...(shared as object),
  entry: ["src/index.ts", "src/command/index.ts"],
  async onSuccess() {
    const { script, style } = await bundlePage();
    mkdirSync("dist/page", { recursive: true });
    writeFileSync("dist/page/page.js", script);
    writeFileSync("dist/page/page.css", style);
  },
});
