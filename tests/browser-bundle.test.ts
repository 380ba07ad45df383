import { readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { build } from "esbuild";
import { expect, test } from "vitest";

const packages = [
  "core",
  "kernels",
  "simd",
  "nn",
  "optim",
  "data",
  "tfjs",
  "backend-cpu",
  "backend-wasm",
  "nn-pointer",
  "optim-lion",
  "optim-sophia",
];

test.each(packages)("@ansatz/%s is bundled for browsers, without any module of Node's", async (name) => {
  const bundling = build({
    stdin: { contents: `export * from "@ansatz/${name}";`, resolveDir: join(import.meta.dirname) },
    bundle: true,
    write: false,
    metafile: true,
    platform: "browser",
    format: "esm",
    conditions: ["source"],
    logLevel: "silent",
  });
  // A module of Node would be an error here.
  await expect(bundling).resolves.toMatchObject({ errors: [], warnings: [] });
});

test("no bundler may leave out core's entries, built or not: importing them gives tensors their methods", () => {
  const { sideEffects, exports } = JSON.parse(
    readFileSync(join(import.meta.dirname, "../packages/core/package.json"), "utf8"),
  ) as {
    readonly sideEffects: readonly string[];
    readonly exports: Readonly<Record<string, Readonly<Record<"source" | "default", string>>>>;
  };
  const entries = Object.values(exports).flatMap(({ source, default: built }) => [source, built]);
  expect(entries).toHaveLength(4);
  // Patterns, since a published package must not name its sources.
  for (const entry of entries) expect(sideEffects).toContain(`**/${basename(entry, extname(entry))}.*`);
});
