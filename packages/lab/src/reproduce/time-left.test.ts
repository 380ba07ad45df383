import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { usualMilliseconds } from "./results-file.ts";
import { TimeLeft } from "./time-left.ts";

test("what is left is told by what was done, and not by what was done before", () => {
  const left = new TimeLeft([1, 1, 1, 1]);
  expect(left.text).toBe("");
  left.next();
  expect(left.text).toBe("");
  left.next(60_000);
  expect(left.text).toBe(", about 2 m 00 s left");
  left.next(180_000);
  expect(left.text).toBe(", about 2 m 00 s left"); // 120 s a part
  left.next(1);
  expect(left.text).toBe("");
});

test("what parts should take is the first guess, and their proportions stay", () => {
  const left = new TimeLeft([10_000, 60_000, 50_000], 1);
  expect(left.text).toBe(", about 2 m 00 s left");
  left.next(20_000); // half as fast
  expect(left.text).toBe(", about 3 m 40 s left");
  const unknown = new TimeLeft([0, 60_000], 1);
  unknown.next(1_000);
  expect(unknown.text).toBe(", about 1 m 00 s left");
});

test("a reproduction takes what its runs took, without the pauses between them", async () => {
  const folder = mkdtempSync(join(tmpdir(), "results-"));
  try {
    expect(await usualMilliseconds(folder)).toBeUndefined();
    const seconds = [0, 10, 22, 30, 5_030, 5_040]; // a pause of 5,000 s
    const runs = seconds.map((second) => ({ started: new Date(second * 1_000).toISOString() }));
    const tuning = { variants: [{ figures: [1, 2] }, { figures: [3, 4] }] };
    writeFileSync(join(folder, "results.json"), JSON.stringify({ version: 1, runs, tuning }));
    expect(await usualMilliseconds(folder)).toBeCloseTo(10 * (6 + 4) * 1_000, 6);
    writeFileSync(join(folder, "results.json"), JSON.stringify({ version: 1, runs: runs.slice(0, 1) }));
    expect(await usualMilliseconds(folder)).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
