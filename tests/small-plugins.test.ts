/** A plugin of research is one idea: small enough to be read as a whole. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../plugins");

/** The files that a file and its imports are made of, within its package: tests and what only they use are not. */
function sourcesOf(path: string, found = new Set<string>()): Set<string> {
  if (found.has(path)) return found;
  found.add(path);
  for (const [, own] of readFileSync(path, "utf8").matchAll(/from "(\.[^"]+)"/g))
    sourcesOf(join(path, "..", own!), found);
  return found;
}

/** Lines without comments and blanks. */
function linesOfCode(path: string): number {
  const code = readFileSync(path, "utf8").replaceAll(/\/\*[^]*?\*\//g, "");
  return code.split("\n").filter((line) => !/^\s*(\/\/|$)/.test(line)).length;
}

const plugins = readdirSync(root).filter((name) => /^(nn|optim|data)-/.test(name));

test.each(plugins)("%s, a plugin of layers, rules or data, has fewer than 400 lines of source", (name) => {
  const sources = [...sourcesOf(join(root, name, "src/index.ts"))];
  const total = sources.reduce((sum, path) => sum + linesOfCode(path), 0);
  expect(total).toBeGreaterThan(10);
  expect(total).toBeLessThan(400);
});
