import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { folders, readFrom, readLines } from "../experiment/testing.ts";
import type { SweepManifest } from "./manifest.ts";

const newFolder = folders();
const tsx = pathToFileURL(join(import.meta.dirname, "../../../../node_modules/tsx/dist/loader.mjs")).href;
const command = join(import.meta.dirname, "../command/index.ts");
const swept = join(import.meta.dirname, "../testing/swept-experiment.ts");

/** `ansatz sweep` in its own process. */
class Sweep {
  readonly process: ChildProcess;
  output = "";
  errors = "";

  constructor(words: readonly string[]) {
    this.process = spawn(process.execPath, ["--import", tsx, "--conditions=source", command, "sweep", ...words], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    this.process.stdout!.on("data", (text: Buffer) => (this.output += text.toString()));
    this.process.stderr!.on("data", (text: Buffer) => (this.errors += text.toString()));
  }

  async end(): Promise<number | string | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, "close");
    return this.process.exitCode ?? this.process.signalCode;
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

const manifestOf = (folder: string) => readFrom(folder, "sweep.json") as unknown as SweepManifest;
const statesOf = (folder: string) => manifestOf(folder).runs.map(({ state }) => state);
const stepsOf = (folder: string) =>
  existsSync(join(folder, "steps-done.txt"))
    ? readFileSync(join(folder, "steps-done.txt"), "utf8").trim().split("\n").map(Number)
    : [];

test("a grid runs in processes; failed runs are recorded, and a table and a plot show the others", async () => {
  const root = newFolder();
  const sweep = new Sweep([
    swept,
    "--learning-rate",
    "1e-3,1e-2",
    "--seed",
    "1..2",
    "--fails",
    "true",
    "--backend",
    "cpu",
    "--runs",
    root,
    "--workers",
    "2",
  ]);
  expect(await sweep.end(), sweep.errors).toBe(1); // some failed
  const folder = join(root, "swept-experiment/sweep/1");
  expect(statesOf(folder)).toEqual(["ended", "ended", "failed", "failed"]);
  expect(readFrom(join(folder, "2"), "settings.json")).toMatchObject({ learningRate: 1e-3, seed: 2, fails: true });
  expect(manifestOf(folder).runs[2]!.error).toMatch(/^AnsatzError: the parabola is too steep here\n {2}stay below/);
  expect(sweep.output).toMatch(
    new RegExp(
      "learningRate {2}figure +seeds\\n0\\.001 +0\\.015 ± 0\\.06\\d+ +2/2\\n0\\.01 +- +0/2\\n2 failed:\\n {2}3 " +
        "\\(learningRate 0\\.01, seed 1, fails true\\): AnsatzError: the parabola is too steep here",
    ),
  );
  const page = readFileSync(join(folder, "sweep.html"), "utf8");
  for (const text of [
    "2 ended",
    "2 failed",
    "the parabola is too steep here\n  stay below",
    "2 runs as lines across learningRate, figure",
    "0.015",
  ])
    expect(page, text).toContain(text);

  const again = new Sweep(["--resume", folder, "--trust"]);
  expect(await again.end()).toBe(1);
  expect(again.output).toContain("4 runs, 2 at once");
  for (const run of ["1", "2"]) expect(stepsOf(join(folder, run))).toEqual([1, 2, 3]); // each ran once
  expect(stepsOf(join(folder, "3"))).toEqual([1]);
  const tried = new Sweep(["--resume", folder, "--trust", "--retry", "--workers", "3"]);
  expect(await tried.end()).toBe(1);
  expect(tried.output).toContain("4 runs, 3 at once");
  expect(stepsOf(join(folder, "3")).length).toBe(2);
});

test("after kill -9 finished runs are not repeated, and the others resume from their checkpoints", async () => {
  const root = newFolder();
  const folder = join(root, "swept-experiment/sweep/1");
  const first = new Sweep([
    swept,
    "--seed",
    "1..3",
    "--steps",
    "6",
    "--pause",
    "150",
    "--backend",
    "cpu",
    "--runs",
    root,
  ]);
  await until(() => stepsOf(join(folder, "2")).length >= 2);
  first.process.kill("SIGKILL");
  const { pid } = readFrom(join(folder, "2"), "lock") as { pid: number };
  process.kill(pid, "SIGKILL"); // and its run, as if the machine crashed
  await first.end();
  expect(statesOf(folder)).toEqual(["ended", "running", "waiting"]);

  const second = new Sweep(["--resume", folder, "--trust"]);
  expect(await second.end(), second.errors).toBe(0);
  expect(statesOf(folder)).toEqual(["ended", "ended", "ended"]);
  expect(stepsOf(join(folder, "1"))).toEqual([1, 2, 3, 4, 5, 6]);
  const steps = stepsOf(join(folder, "2"));
  expect(steps.filter((step) => step === 1)).toHaveLength(1);
  expect(steps.length).toBeLessThanOrEqual(7); // at most one step was repeated
  expect(readLines(join(folder, "2"), "metrics.jsonl").map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(second.output).toMatch(/figure +seeds\n0\.020 ± 0\.025 +3\/3/);
});

test("a run that outlives its killed sweep is waited for; Ctrl-C stops runs once they are saved", async () => {
  const root = newFolder();
  const folder = join(root, "swept-experiment/sweep/1");
  const first = new Sweep([
    swept,
    "--seed",
    "1..2",
    "--steps",
    "12",
    "--pause",
    "150",
    "--backend",
    "cpu",
    "--runs",
    root,
  ]);
  await until(() => stepsOf(join(folder, "1")).length >= 1);
  first.process.kill("SIGKILL"); // its run continues
  await first.end();
  const second = new Sweep(["--resume", folder, "--trust"]);
  await until(() => stepsOf(join(folder, "2")).length >= 1);
  expect(stepsOf(join(folder, "1"))).toEqual(Array.from({ length: 12 }, (_, i) => i + 1)); // by the first process alone
  second.process.kill("SIGINT");
  expect(await second.end()).toBe(130);
  expect(second.output).toMatch(/the sweep was stopped; its runs are saved\n {2}resume with: npx .* sweep --resume/);
  expect(statesOf(folder)).toEqual(["ended", "waiting"]);
  expect(readFrom(join(folder, "2"), "status.json")).toMatchObject({ state: "interrupted" });
});

test("invalid words are refused before anything runs", async () => {
  const root = newFolder();
  for (const [words, message] of [
    [
      [swept, "--learnig-rate", "1,2"],
      /UsageError: there is no setting --learnig-rate\n {2}did you mean --learning-rate\?/,
    ],
    [["--resume", root], /RunError: .*sweep\.json cannot be read/],
    [[swept, "--seed", "1", "--runs", root], /RunError: this sweep has only one run/],
  ] as const) {
    const sweep = new Sweep(words);
    expect([1, 2]).toContain(await sweep.end());
    expect(sweep.errors).toMatch(message);
  }
  expect(existsSync(join(root, "swept-experiment"))).toBe(false);
});
