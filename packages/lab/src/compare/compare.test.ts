import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ArgumentError } from "@ansatz/core";
import { escaped, hostile, makeRunFolder, measurements, type RunFolderContents } from "../report/testing.ts";
import { RunError } from "../run-folder.ts";
import { bandOf, binRange } from "../view/bins.ts";
import { compareRuns, writeComparison } from "./compare.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "compare-"));
});
afterEach(() => rmSync(root, { recursive: true }));

let number = 0;
function run(learningRate: number | string, seed: number, final: number, more: RunFolderContents = {}): string {
  return makeRunFolder(join(root, `sorting/${++number}`), {
    settings: { learningRate, width: 8, seed },
    metrics: measurements(4, (step) => ({ loss: final + 1 / step })),
    result: { validationLoss: final },
    ...more,
  });
}

test("runs are grouped by the settings that differ, and the difference is tested", async () => {
  for (const [seed, value] of [1.8, 1.82, 1.79].entries()) run(1e-3, seed, value);
  for (const [seed, value] of [1.9, 1.97, 1.93, 1.95].entries()) run(1e-2, seed, value);
  const comparison = await compareRuns([root]);
  expect(comparison.metric).toBe("validationLoss");
  expect(comparison.groups.map(({ label, runs }) => [label, runs.length])).toEqual([
    ["learningRate 0.001", 3],
    ["learningRate 0.01", 4],
  ]);
  expect(comparison.judgements).toHaveLength(1);
  expect(comparison.judgements[0]!.p).toBeCloseTo(0.0008216601131941198, 9); // SciPy, as in welch.test.ts
  expect(comparison.judgements[0]!.sentence).toMatch(
    /^validationLoss is lower with “learningRate 0.001” than .* 1.803 \(3 seeds\) against 1.938 \(4\).*= 0.00082\.$/,
  );

  const path = join(root, "comparison.html");
  await writeComparison(path, comparison);
  const page = readFileSync(path, "utf8");
  for (const text of [
    "A comparison of 7 runs",
    "Is there a difference in validationLoss?",
    "1.803 ± 0.038",
    "sorting/",
    ">loss</text>",
  ])
    expect(page, text).toContain(text);
  expect(page).not.toContain("<th>width</th>");
});

test("runs that chose a setting are not compared, unless their own folder is given", async () => {
  for (const seed of [1, 2]) {
    run(1e-3, seed, 1.8);
    run(1e-2, seed, 1.9);
  }
  for (const [place, rate] of [1e-3, 1e-2].entries())
    makeRunFolder(join(root, `sorting/tuning/main-${place}`), {
      settings: { learningRate: rate, width: 8, seed: 0 },
      result: { validationLoss: 9 },
    });
  expect((await compareRuns([root])).groups.map(({ runs }) => runs.length)).toEqual([2, 2]);
  expect((await compareRuns([join(root, "sorting/tuning")])).groups.map(({ runs }) => runs.length)).toEqual([1, 1]);
});

test("one seed is too few; a seed that ran twice counts once; runs without a finite value are counted", async () => {
  run(1e-3, 1, 1.8);
  run(1e-3, 1, 1.7);
  run(1e-2, 1, 2);
  run(1e-2, 2, 2.1);
  makeRunFolder(join(root, "sorting/diverged"), {
    settings: { learningRate: 1, width: 8, seed: 1 },
    metrics: measurements(3, (step) => ({ validationLoss: step < 3 ? 5 : "NaN" })),
  });
  const comparison = await compareRuns([join(root, "sorting")]);
  expect(comparison.groups[0]!.repeated).toHaveLength(1);
  expect(comparison.groups[0]!.runs[0]!.result).toEqual({ validationLoss: 1.7 });
  const sentences = comparison.judgements.map(({ sentence }) => sentence);
  expect(sentences).toContain(
    "Nothing can be said about validationLoss between “learningRate 0.001” and “learningRate 0.01”: " +
      "“learningRate 0.001” has one seed, and at least two are needed.",
  );
  expect(sentences.some((sentence) => sentence.includes("“learningRate 1” has no finite value"))).toBe(true);
  await writeComparison(join(root, "c.html"), comparison);
  expect(readFileSync(join(root, "c.html"), "utf8")).toContain("1 without a finite value");
});

test("p values of three groups are corrected for three pairs, and a chance difference is not significant", async () => {
  const values = { a: [1, 1.1, 1.05], b: [1.02, 1.12, 1.04], c: [2, 2.1, 2.05] };
  for (const [name, figures] of Object.entries(values))
    for (const [seed, value] of figures.entries()) run(name, seed, value);
  const { judgements } = await compareRuns([root]);
  const one = judgements.find(({ first, second }) => first.endsWith(" a") && second.endsWith(" b"))!;
  expect(one.sentence).toContain("does not differ significantly");
  expect(one.sentence).toContain("corrected for 3 pairs");
  expect(judgements[0]!.p).toBeCloseTo(3 * judgements[0]!.test!.p, 12);
  expect(judgements.at(-1)).toBe(one);
});

test("a band is the mean and the t interval over the seeds, at the steps that all seeds have", () => {
  const [first, second] = bandOf(
    [
      { steps: [1, 2, 3], values: [1, 2, 9] },
      { steps: [1, 2], values: [3, 4] },
    ],
    binRange(1, 3, 3),
  );
  const reach = 12.706204736174694; // the 97.5 % quantile of t with one degree of freedom, times s/√2 = 1
  expect(first).toEqual({
    step: 1,
    mean: 2,
    low: 0, // no value is negative; else 2 − reach
    high: expect.closeTo(2 + reach, 9) as number,
  });
  expect(second).toMatchObject({ step: 2, mean: 3 });
  expect(bandOf([{ steps: [1, 2, 3, 4], values: [1, 3, 5, 7] }], binRange(1, 4, 2))).toEqual([
    { step: 1.5, mean: 2, low: 2, high: 2 },
    { step: 3.5, mean: 6, low: 6, high: 6 },
  ]);
});

test("names are escaped in the page", async () => {
  run(hostile, 1, 1, { experiment: hostile });
  run("b", 1, 1, { experiment: "other" });
  await writeComparison(join(root, "c.html"), await compareRuns([root]));
  const page = readFileSync(join(root, "c.html"), "utf8");
  expect(page).toContain(escaped);
  expect(page).not.toMatch(/<script|<img/);
});

test("a folder without runs and an unknown figure are refused, with a way to fix it", async () => {
  await expect(compareRuns([join(root, "absent")])).rejects.toThrow(RunError);
  run(1, 1, 1);
  await expect(compareRuns([root], { metric: "validationLos" })).rejects.toThrow(/did you mean validationLoss\?/);
  await expect(compareRuns([root], { metric: "zzzzzzzzzz" })).rejects.toThrow(ArgumentError);
});
