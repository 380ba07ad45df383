/** What `ansatz create` makes in the workspace passes its tests, types and lint unchanged. */
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyWorkspace, linkDependencies, runIn } from "./copied-workspace.ts";
import { lionAs, manifestOf, sharedByPlugins } from "./guide.ts";

const root = join(import.meta.dirname, "..");
const workspace = copyWorkspace([]);
const ansatz = (words: string): string =>
  runIn(workspace, `tsx --conditions=source ${join(root, "packages/lab/src/command/index.ts")} ${words}`);
const plugins = ["optim-sign-descent", "nn-gain", "data-sorting", "backend-counting"];

beforeAll(() => {
  for (const plugin of plugins) ansatz(`create plugin ${plugin}`);
  ansatz("create experiment sine-wave");
  for (const plugin of plugins) linkDependencies(workspace, `plugins/${plugin}`);
  linkDependencies(workspace, "experiments/sine-wave");
}, 60_000);
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

test.each(plugins)("%s has a plugin's files, and a package.json built like that of the plugins here", (plugin) => {
  const folder = join(workspace, "plugins", plugin);
  expect(
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => !name.startsWith("node_modules"))
      .toSorted(),
  ).toEqual([
    "LICENSE",
    "README.md",
    "package.json",
    "src",
    join("src", "index.test.ts"),
    join("src", "index.ts"),
    "tsconfig.json",
  ]);
  expect(sharedByPlugins(manifestOf(folder))).toEqual(sharedByPlugins(lionAs(plugin)));
});

test("all of their tests pass, types hold, and lint is clean", () => {
  const printed = runIn(
    workspace,
    `vitest run ${[...plugins, "experiment-sine-wave"].map((name) => `--project @ansatz/${name}`).join(" ")}`,
  );
  expect(printed).toMatch(/^\d+ passed, 0 failed$/m);
  for (const name of [...plugins, "experiment-sine-wave"]) expect(printed).toContain(`@ansatz/${name}`);
  const folders = [...plugins.map((name) => `plugins/${name}`), "experiments/sine-wave"];
  writeFileSync(
    join(workspace, "tsconfig.json"),
    JSON.stringify({ extends: "./tsconfig.base.json", include: folders.map((folder) => `${folder}/src`) }),
  );
  runIn(workspace, "tsc -p .");
  runIn(workspace, `oxlint ${folders.join(" ")}`);
}, 240_000);

test.each([
  ["create", /create needs to know what to create/],
  ["create experimnet x", /create cannot make "experimnet"\n {2}did you mean experiment\?/],
  ["create experiment", /create experiment needs a name/],
  ["create experiment Sine", /"Sine" isn't a valid name for a package/],
  ["create experiment sine-wave", /experiments.sine-wave already exists/],
  ["create plugin signum", /"signum" does not name a kind of plugin\n {2}begin with optim-, nn-, data-, backend-/],
  ["create plugin optm-signum", /did you mean optim-signum\?/],
  ["create plugin optim-a optim-b", /takes one name, but "optim-b" follows/],
])("%s is refused with a clear error", (words, message) => {
  expect(() => ansatz(words)).toThrow(message);
});
