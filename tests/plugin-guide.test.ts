/** Follows docs/write-a-plugin.md to the letter, in a copy of this workspace with the new plugin. */
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyWorkspace, linkDependencies, runIn } from "./copied-workspace.ts";
import { filesOf, lionAs, manifestOf, readGuide, sharedByPlugins, writeFiles } from "./guide.ts";

const root = join(import.meta.dirname, "..");
const workspace = copyWorkspace([]);
const plugin = join(workspace, "plugins/optim-signum");
const files = filesOf(readGuide("write-a-plugin.md"));
const script = (name: string): string => runIn(plugin, manifestOf(plugin).scripts[name]!);

beforeAll(() => {
  // What the guide's first commands do, then the files, then what `pnpm install` does for packages of the workspace.
  writeFiles(plugin, files);
  for (const name of ["LICENSE", "tsconfig.json"]) cpSync(join(root, "plugins/optim-lion", name), join(plugin, name));
  linkDependencies(workspace, "plugins/optim-signum");
});

afterAll(() => rmSync(workspace, { recursive: true, force: true }));

test("the guide shows four files", () => {
  expect([...files.keys()]).toEqual(["package.json", "README.md", "src/index.ts", "src/index.test.ts"]);
});

test("its package.json is built like that of the plugins here", () => {
  const [own, lion] = [manifestOf(plugin), lionAs("optim-signum")];
  expect(Object.keys(own)).toEqual(Object.keys(lion));
  expect(sharedByPlugins(own)).toEqual(sharedByPlugins(lion));
});

test("the plugin's types hold, and its lint", () => {
  script("types");
  script("lint");
}, 120_000);

test("the plugin's tests pass, its conformance suite among them", () => {
  const printed = script("test");
  expect(printed).toMatch(/^\d+ passed, 0 failed$/m);
  expect(Number(/^(\d+) passed/m.exec(printed)?.[1])).toBeGreaterThan(5);
}, 120_000);

test("a rule that is wrong fails them", () => {
  const path = join(plugin, "src/index.ts");
  const right = files.get("src/index.ts")!;
  writeFileSync(path, right.replace("sign(next)", "sign(g)"));
  expect(() => script("test")).toThrow(/it follows the momentum/);
  writeFileSync(path, right);
}, 120_000);
