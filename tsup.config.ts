import { defineConfig } from "tsup";

/** Every package builds alike: one ES module with its types, from src/index.ts. Run in the package's folder. */
export default defineConfig({
  entry: ["src/index.ts"],
  format: ["esm"],
  dts: true,
  sourcemap: true,
  clean: true,
  target: "node20",
});
