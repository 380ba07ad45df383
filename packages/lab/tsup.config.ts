import { defineConfig } from "tsup";
import shared from "../../tsup.config.ts";

/** The library, and the command `ansatz`, which share their parts. */
export default defineConfig({ ...(shared as object), entry: ["src/index.ts", "src/command/index.ts"] });
