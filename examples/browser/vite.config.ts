import { defaultClientConditions, defineConfig } from "vite";

/**
 * With these two headers a page is cross-origin isolated, so that WebAssembly can use threads. Without them the page
 * also works, on one thread.
 */
export const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig({
  base: "./",
  resolve: { conditions: ["source", ...defaultClientConditions] }, // in this workspace, packages are used from source
  worker: { format: "es" },
  build: { target: "es2022" },
  optimizeDeps: { entries: ["index.html", "src/worker.ts"] }, // the page does not import what the worker needs
  server: { headers: isolation },
  preview: { headers: isolation },
});
