import { defineConfig } from "tsup";
import shared from "../../tsup.config.ts";

/** The library, and the command `ansatz-tfjs-native`. */
export default defineConfig({ ...(shared as object), entry: ["src/index.ts", "src/native/index.ts"] });
