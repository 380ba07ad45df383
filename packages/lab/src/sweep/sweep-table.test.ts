import { writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { folders } from "../experiment/testing.ts";
import type { SweepManifest, SweepRun } from "./manifest.ts";
import { SweepTable } from "./sweep-table.ts";

const newFolder = folders();

/** A sweep of three runs: one has ended, one is running, and one waits. */
function sweep(): { readonly folder: string; readonly manifest: SweepManifest } {
  const folder = newFolder();
  for (const run of ["1", "2"]) mkdirSync(join(folder, run));
  writeFileSync(join(folder, "1/result.json"), '{"loss":0.25}');
  writeFileSync(join(folder, "2/metrics.jsonl"), '{"step":3,"loss":0.5}\n');
  writeFileSync(join(folder, "2/status.json"), '{"step":3,"steps":12}');
  const states = ["ended", "running", "waiting"] as const;
  const runs = states.map((state, i): SweepRun => ({ folder: `${i + 1}`, settings: { width: 2 ** i }, state }));
  const axes = [{ name: "width", values: [1, 2, 4] }];
  return { folder, manifest: { version: 1, experiment: "line", name: "line", words: [], axes, runs } };
}

function shown(isTTY: boolean, columns: number): { readonly text: string } {
  const { folder, manifest } = sweep();
  let text = "";
  const output = { isTTY, columns, write: (more: string) => ((text += more), true) };
  const table = new SweepTable({ folder, metric: "loss", output: output as never });
  table.update(manifest);
  table.update(manifest, manifest.runs[0]);
  table.end();
  return { text };
}

test("in a terminal the table is drawn over, and gone in the end", () => {
  const { text } = shown(true, 0); // as a terminal without a window says
  const [, first, again, rest] = text.split("run  width  loss");
  expect(first!.split("\n").map((line) => line.trimEnd())).toEqual([
    "",
    "2    2      0.5   25 %",
    expect.stringContaining("1    1      0.25  best"), // in green, where there are colours
    expect.stringMatching(/^1 ended, 1 running, 1 waiting/),
    "\x1b[4A\r\x1b[0J",
  ]);
  expect(again!.endsWith("\x1b[4A\r\x1b[0J")).toBe(true);
  expect(rest).toBeUndefined();
});

test("no line is wider than the terminal; elsewhere there is a line for each run that stops", () => {
  const narrow = stripVTControlCharacters(shown(true, 12).text);
  expect(Math.max(...narrow.split(/[\n\r]/).map((line) => line.length))).toBe(11);
  expect(shown(false, 80).text).toMatch(
    /^run 1 {2}width 1 {2}loss 0\.25 {2}ended {2}1 ended, 1 running, 1 waiting[^\n]*\n$/,
  );
});
