import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ansatz, start } from "../command/testing.ts";
import { folders, readFrom, readLines } from "../experiment/testing.ts";
import type { SweepManifest } from "./manifest.ts";

const newFolder = folders();
const swept = join(import.meta.dirname, "../testing/swept-experiment.ts");

const sweep = (root: string, ...words: string[]) =>
  ansatz(["sweep", swept, "--learning-rate", "1e-5~1e-1", "--backend", "cpu", "--runs", root, ...words], root);
const manifestOf = (folder: string) => readFrom(folder, "sweep.json") as unknown as SweepManifest;
const stepsOf = (folder: string, run: string) =>
  readFileSync(join(folder, run, "steps-done.txt"), "utf8")
    .trim()
    .split("\n")
    .map(Number);
const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
};

test("ASHA stops bad runs early and the best go on; a killed sweep ends as if it had not been", async () => {
  const words = ["--search", "asha", "--trials", "4", "--reduction", "2", "--metric", "figure", "--steps", "8"];
  const whole = newFolder();
  const outcome = await sweep(whole, ...words);
  expect(outcome.status, outcome.errors).toBe(0);
  const folder = join(whole, "swept-experiment/sweep/1");
  const { runs } = manifestOf(folder);
  expect(runs).toHaveLength(4);
  for (const run of runs) {
    const share = run.measured!.at(-1)!.share;
    expect(run.state).toBe(share < 1 ? "paused" : "ended");
    // Each step was made once: a run that went on was not started again.
    expect(stepsOf(folder, run.folder)).toEqual(Array.from({ length: 8 * share }, (_, i) => i + 1));
    expect(readLines(join(folder, run.folder), "metrics.jsonl").map(({ step }) => step)).toHaveLength(8 * share);
    expect(readFrom(join(folder, run.folder), "settings.json")["steps"]).toBe(8); // its schedule is that of a whole run
  }
  const ended = runs.filter(({ state }) => state === "ended");
  expect(ended.length).toBeGreaterThanOrEqual(1);
  expect(ended.length).toBeLessThan(4);
  const values = runs.map(({ measured }) => measured![0]!.value!);
  expect(ended.some(({ measured }) => measured![0]!.value === Math.min(...values))).toBe(true);
  expect(outcome.output).toMatch(/run \d {2}learningRate [\d.e-]+ {2}figure [\d.]+ {2}stopped after 25 %/);

  const root = newFolder();
  const own = join(root, "swept-experiment/sweep/1");
  const given = ["sweep", swept, "--learning-rate", "1e-5~1e-1", "--backend", "cpu", "--runs", root, ...words];
  const first = start([...given, "--pause", "100"], root);
  await until(() => {
    try {
      return stepsOf(own, "2").length >= 1;
    } catch {
      return false;
    }
  });
  first.kill("SIGKILL");
  process.kill((readFrom(join(own, "2"), "lock") as { pid: number }).pid, "SIGKILL");
  const again = await ansatz(["sweep", "--resume", own, "--trust"], root);
  expect(again.status, again.errors).toBe(0);
  const plain = ({ settings, measured, state }: SweepManifest["runs"][number]) => [
    settings["learningRate"],
    measured,
    state,
  ];
  expect(manifestOf(own).runs.map(plain)).toEqual(runs.map(plain));
}, 240_000);

test("invalid words of a search are refused, with a way to fix them", async () => {
  const root = newFolder();
  for (const [words, message] of [
    [["--search", "tpe"], /needs the number of points to try\n {2}add --trials 20/],
    [["--search", "asha", "--trials", "9"], /needs the figure by which it chooses\n {2}add --metric validationLoss/],
    [["--trials", "9"], /--trials is for a search.*\n {2}add --search random, tpe or asha/],
    [["--search", "random", "--trials", "9", "--rungs", "2"], /--rungs is for --search asha/],
    [["--search", "asha", "--trials", "8", "--metric", "figure"], /none reaches its end\n {2}use 9 trials or more/],
    [["--search", "tpe", "--trials", "3", "--metric", "figure", "--seed", "1..2"], /tries each point with one seed/],
  ] as const) {
    const { status, errors } = await sweep(root, ...words);
    expect([1, 2]).toContain(status);
    expect(errors).toMatch(message);
  }
  const unknown = await sweep(root, "--search", "tpe", "--trials", "2", "--metric", "lose");
  expect(unknown.errors).toMatch(/run 1 has measured no "lose" up to step 3\n {2}it has measured figure/);
}, 240_000);
