import { defineConfig } from "tsup";
import shared from "../../tsup.config.ts";

/** The whole package, and what of it runs in browsers. */
export default defineConfig({ ...(shared as object), entry: ["src/index.ts", "src/browser.ts"] });
