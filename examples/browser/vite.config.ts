import { defaultClientConditions, defineConfig } from "vite";

/**
 * With these two headers a page is cross-origin isolated, and WebAssembly may have threads. Without them the page works
 * as well, on one thread.
 */
export const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig({
  base: "./",
  resolve: { conditions: ["source", ...defaultClientConditions] }, // inside of this workspace only: the packages from their sources
  worker: { format: "es" },
  build: { target: "es2022" },
  optimizeDeps: { entries: ["index.html", "src/worker.ts"] }, // what the worker needs is not found from the page
  server: { headers: isolation },
  preview: { headers: isolation },
});
