/**
 * Copies the WebAssembly files of tfjs, and the script that its threads run, into wasm/, beside src/ and dist/: from
 * either of them a bundler finds them by `new URL("../wasm/…", import.meta.url)`, which it would not inside of another
 * package.
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
