/** Follows docs/write-an-experiment.md step by step, in a copy of this workspace. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { copyWorkspace } from "./copied-workspace.ts";
import { commandsOf, filesOf, follow, readGuide } from "./guide.ts";

const guide = readGuide("write-an-experiment.md");
const workspace = copyWorkspace([]);
const experiment = join(workspace, "experiments/sine-wave");
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

/** The commands of the guide, in order. */
const commands = commandsOf(guide).flat();

describe("the guide", () => {
  test("has commands that work, in order", () => {
    expect(commands.map((command) => command.split(" ")[2])).toEqual([
      "ansatz",
      "install",
      "test",
      "experiment",
      "ansatz",
      "experiment",
      "reproduce",
      "reproduce",
    ]);
    const [created, , tested, help, checked, run, quick, reproduced] = commands.map((command) =>
      follow(workspace, command),
    );
    expect(created).toContain("experiments/sine-wave: an experiment");
    expect(tested).toMatch(/^1 passed, 0 failed$/m);
    for (const text of [
      "How closely does a small network follow a sine?",
      "--width",
      "features of the hidden layer (a whole number, 1 or more; 32)",
      "--resume",
    ])
      expect(help).toContain(text);
    expect(checked).toMatch(/^gradients +passed/m);
    expect(checked).not.toMatch(/ failed /);
    expect(run).toMatch(/^largestError {2}0\.\d+\ntime {10}\d+ s\nfolder {8}runs\/sine-wave\/1$/m);
    expect(quick).toContain("quick runs do not judge claims");
    expect(reproduced).toMatch(/^held {7}it is never far off: 0\.\d+ ± 0\.\d+, wanted at most 0\.2, p [<=] 0\.\d+$/m);
    expect(reproduced).toMatch(/^held {7}two features are not enough: /m);
  }, 240_000);

  test("shows the files that are created", () => {
    const shown = filesOf(guide);
    expect([...shown.keys()]).toEqual(["src/index.ts", "src/index.test.ts"]);
    for (const [path, content] of shown) expect(readFileSync(join(experiment, path), "utf8")).toBe(content);
  });

  test("names the files that a run and a reproduction leave", () => {
    for (const file of [
      "settings.json",
      "run.json",
      "metrics.jsonl",
      "model.json",
      "checkpoint.json",
      "log.txt",
      "result.json",
    ])
      expect(existsSync(join(workspace, "runs/sine-wave/1", file)), file).toBe(true);
    expect(readFileSync(join(experiment, "RESULTS.md"), "utf8")).toContain("| two features are not enough |");
    expect(existsSync(join(experiment, "results.svg"))).toBe(true);
  });
});
