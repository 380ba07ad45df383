/**
 * Copies tfjs's WebAssembly files, and the script that its threads run, into wasm/, next to src/ and dist/. From either
 * folder a bundler finds them by `new URL("../wasm/…", import.meta.url)`; it would not find them in another package.
 */
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const source = dirname(
  createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm"),
);
const target = join(import.meta.dirname, "../wasm");
mkdirSync(target, { recursive: true });
for (const name of readdirSync(source))
  if (name.endsWith(".wasm") || name === "tfjs-backend-wasm-threaded-simd.js")
    copyFileSync(join(source, name), join(target, name));
