/** Whoever types the install lines of a README has every package that its examples import. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const pages = [
  "README.md",
  ...["packages", "packages/create-ansatz/templates", "plugins"].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => `${group}/${name}/README.md`),
  ),
].filter((page) => existsSync(join(root, page)));

/** The blocks of a language in markdown. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^ *\`\`\`${language}\\n([^]*?)\`\`\``, "gm"))].map(([, block]) => block!);
}

/** The packages that `npm install` lines name, without versions. */
function installed(text: string): string[] {
  return blocks(text, "sh")
    .flatMap((block) => block.split("\n"))
    .flatMap((line) => /^(?:\w+=\w+ )?npm install ([^#]*)/.exec(line)?.[1] ?? [])
    .flatMap((words) => words.split(/\s+/))
    .filter((word) => word !== "" && !word.startsWith("-"))
    .map((word) => word.replace(/(?<=.)@.*$/, ""));
}

/** The packages that examples import: `@ansatz/core` for `@ansatz/core/plugin`. */
function imported(text: string): string[] {
  return blocks(text, "(?:ts|typescript|js)")
    .flatMap((block) => [...block.matchAll(/\b(?:from|import)\s*\(?\s*"([^".][^"]*)"/g)].map(([, name]) => name!))
    .filter((name) => !name.startsWith("node:"))
    .map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)![0]);
}

test("the pages have install lines and examples", () => {
  const texts = pages.map((page) => readFileSync(join(root, page), "utf8"));
  expect(texts.filter((text) => installed(text).length > 0 && imported(text).length > 0).length).toBeGreaterThan(25);
});

test.each(pages)("%s", (page) => {
  const text = readFileSync(join(root, page), "utf8");
  const names = new Set(installed(text));
  expect([...new Set(imported(text))].filter((name) => !names.has(name)).toSorted()).toEqual([]);
});
