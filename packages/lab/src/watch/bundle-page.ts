import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Bundles the page's script and style, with the chart library, so that the browser fetches nothing else. */
export async function bundlePage(): Promise<{ readonly script: string; readonly style: string }> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("./page/page.ts", import.meta.url))],
    bundle: true,
    conditions: ["source"],
    minify: true,
    format: "esm",
    target: "es2022",
    outdir: "page",
    write: false,
    logLevel: "silent",
  });
  const named = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))!.text;
  return { script: named(".js"), style: named(".css") };
}
