import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { theme } from "../view/theme.ts";
import { pageStyle } from "./page-style.ts";

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly body: string;
}

const source = import.meta.url.endsWith(".ts");

/** The page's files by their addresses: from the built package, or bundled from source if this file is source. */
export async function pageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const { script, style } = await (source ? bundled() : built());
  return new Map([
    ["/", { type: "text/html", body: markup }],
    ["/page.js", { type: "text/javascript", body: script }],
    ["/page.css", { type: "text/css", body: theme + style + pageStyle }],
  ]);
}

/** Imported by its URL, so that builds do not include the bundler in the package. */
async function bundled(): Promise<{ script: string; style: string }> {
  const { bundlePage } = (await import(
    new URL("./bundle-page.ts", import.meta.url).href
  )) as typeof import("./bundle-page.ts");
  return bundlePage();
}

async function built(): Promise<{ script: string; style: string }> {
  const read = (name: string) => readFile(fileURLToPath(new URL(`./page/${name}`, import.meta.url)), "utf8");
  return { script: await read("page.js"), style: await read("page.css") };
}

const markup = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ansatz</title>
<link rel="stylesheet" href="/page.css">
<link rel="icon" href="data:,">
<script type="module" src="/page.js"></script>
</head>
<body><noscript>This page needs JavaScript to follow runs.</noscript></body>
</html>
`;
