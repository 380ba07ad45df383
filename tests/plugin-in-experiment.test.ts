/**
 * Follows "Use it in an experiment" of docs/write-a-plugin.md word for word: a plugin that was just created takes the
 * place of a part of experiments/language-model, in a copy of this workspace.
 */
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { copyWorkspace, linkDependencies, runIn } from "./copied-workspace.ts";

const root = join(import.meta.dirname, "..");
const guide = readFileSync(join(root, "docs/write-a-plugin.md"), "utf8");
const [section] = /^## Use it in an experiment\n[^]*?(?=^## )/m.exec(guide)!;
const workspace = copyWorkspace(["experiments/language-model"]);
const experiment = join(workspace, "experiments/language-model");
const plugin = join(workspace, "plugins/nn-gain");
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

interface Manifest {
  readonly name: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}
const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

/** Runs a command of the guide. What pnpm does for `add` and `install` is done with what is installed already. */
function follow(command: string): string {
  const words = command.replace(/^npx pnpm@10 /, "");
  const added = /^--filter (\S+) add --workspace (\S+)$/.exec(words);
  if (added !== null) {
    const own = manifestOf(experiment);
    expect(added[1]).toBe(own.name);
    const dependencies = { ...own.dependencies, [added[2]!]: "workspace:*" };
    writeFileSync(join(experiment, "package.json"), JSON.stringify({ ...own, dependencies }));
    return "";
  }
  if (words === "install") {
    linkDependencies(workspace, "plugins/nn-gain");
    const [name, folder] = ["@ansatz/nn-gain", join(experiment, "node_modules/@ansatz/nn-gain")];
    expect(manifestOf(plugin).name).toBe(name);
    expect(manifestOf(experiment).dependencies).toHaveProperty([name]);
    symlinkSync(plugin, folder, "junction");
    return "";
  }
  const [script, ...rest] = words.split(" ");
  return runIn(workspace, `${manifestOf(root).scripts[script!]} ${rest.join(" ")}`);
}

/** Changes lines as a diff says: each removed line becomes the added one after it; others are added at the imports. */
function change(text: string, diff: string): string {
  const lines = diff.trimEnd().split("\n");
  return lines.reduce((changed, line, i) => {
    const [sign, content, before] = [line[0], line.slice(1), lines[i - 1]];
    if (sign === "-") {
      expect(changed.split(`\n${content}\n`)).toHaveLength(2);
      return changed.replace(`\n${content}\n`, () => `\n${lines[i + 1]!.slice(1)}\n`);
    }
    return before?.startsWith("-") === true ? changed : changed.replace(/^import /m, () => `${content}\nimport `);
  }, text);
}

test("a plugin that was just created drops into the language model by one changed line", () => {
  const [before, after] = [...section.matchAll(/```sh\n([^]*?)```/g)].map(([, block]) => block!.trim().split("\n"));
  expect(before!.map(follow)[0]).toContain("plugins/nn-gain: a plugin");

  const source = join(experiment, "src/index.ts");
  const [, diff] = /```diff\n([^]*?)```/.exec(section)!;
  expect(diff!.match(/^-/gm)).toHaveLength(1);
  const changed = change(readFileSync(source, "utf8"), diff!);
  writeFileSync(source, changed);
  expect(changed).toContain("new Gain(width)");

  const [tested, run] = after!.map(follow);
  expect(tested).toMatch(/^[1-9]\d* passed, 0 failed$/m);
  expect(run).toMatch(/runs\/language-model\/1: validationLoss [23]\.\d+/); // 4.49 before it has learned
  runIn(experiment, "tsc -p .");

  const layer = join(plugin, "src/index.ts");
  const broken = readFileSync(layer, "utf8").replace("const [features] = ", "throw new Error('used');\n    $&");
  writeFileSync(layer, broken);
  expect(() => follow(after![1]!)).toThrow("used");
}, 240_000);
