/**
 * Follows "Use it in an experiment" of docs/write-a-plugin.md word for word: a plugin that was just created takes the
 * place of a part of experiments/language-model, in a copy of this workspace.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { copyWorkspace, runIn } from "./copied-workspace.ts";
import { changeLines, commandsOf, follow, manifestOf, readGuide } from "./guide.ts";

const [section] = /^## Use it in an experiment\n[^]*?(?=^## )/m.exec(readGuide("write-a-plugin.md"))!;
const workspace = copyWorkspace(["experiments/language-model"]);
const experiment = join(workspace, "experiments/language-model");
const plugin = join(workspace, "plugins/nn-gain");
const carryOut = (command: string): string => follow(workspace, command);
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

test("a plugin that was just created drops into the language model by one changed line", () => {
  const [before, after] = commandsOf(section);
  expect(before!.map(carryOut)[0]).toContain("plugins/nn-gain: a plugin");
  expect(manifestOf(experiment).dependencies).toHaveProperty(["@ansatz/nn-gain"]);

  const source = join(experiment, "src/index.ts");
  const [, diff] = /```diff\n([^]*?)```/.exec(section)!;
  expect(diff!.match(/^-/gm)).toHaveLength(1);
  const changed = changeLines(readFileSync(source, "utf8"), diff!);
  writeFileSync(source, changed);
  expect(changed).toContain("new Gain(width)");

  const [tested, run] = after!.map(carryOut);
  expect(tested).toMatch(/^[1-9]\d* passed, 0 failed$/m);
  expect(run).toMatch(/^validationLoss {4}[23]\.\d+$/m); // 4.49 before it has learned
  runIn(experiment, "tsc -p .");

  const layer = join(plugin, "src/index.ts");
  const broken = readFileSync(layer, "utf8").replace("const [features] = ", "throw new Error('used');\n    $&");
  writeFileSync(layer, broken);
  expect(() => carryOut(after![1]!)).toThrow("used");
}, 240_000);
