import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RunLock } from "../experiment/run-lock.ts";
import { RunError } from "../run-folder.ts";
import { writeReport } from "./report.ts";
import { escaped, hostile, makeRunFolder, measurements } from "./testing.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "report-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const model = {
  name: "",
  type: "Sequential",
  parameters: 0,
  children: [
    {
      name: "layers.0",
      type: "Linear",
      parameters: 0,
      children: [{ name: "weight", type: "parameter", parameters: 12, shape: [3, 4], children: [] }],
    },
  ],
};

test("a report shows result, curves, findings, samples, settings, the model and the circumstances", async () => {
  const folder = makeRunFolder(join(root, "sorting/7"), {
    settings: { learningRate: 3e-4, seed: 2, optimizer: "lion" },
    about: { commit: "abc123", dirty: true, paper: "arXiv:1506.03134" },
    metrics: measurements(50, (step) => ({
      loss: 4 / step,
      ...(step % 10 === 0 ? { validationLoss: 4.5 / step } : {}),
      accuracy: step / 50,
    })),
    samples: [1, 2, 3, 4].map((n) => ({ step: n * 10, text: `sample ${n}` })),
    findings: [
      {
        step: 12,
        kind: "stuck",
        where: "layers.0",
        message: "the loss does not move",
        advice: "raise the learning rate",
      },
    ],
    model,
    status: { state: "ended", step: 50, steps: 50 },
    result: { exactlySorted: 0.97125 },
  });
  const path = await writeReport(folder);
  expect(path).toBe(join(folder, "report.html"));
  const page = readFileSync(path, "utf8");
  for (const text of [
    "sorting/7",
    "Does it sort?",
    "arXiv:1506.03134",
    "0.97125",
    "exactlySorted",
    ">Ended<",
    "50 of 50 steps",
    "the loss does not move",
    "raise the learning rate",
    "sample 4",
    "1 earlier",
    "0.0003",
    "lion",
    "abc123, with uncommitted changes",
    "[3, 4]",
    "12",
    "@ansatz/core",
  ]) {
    expect(page, text).toContain(text);
  }
  expect(page.match(/<svg/g)).toHaveLength(2); // losses together, accuracy alone
  expect(page).toContain(">validationLoss</text>");
  expect(page).not.toMatch(/NaN|undefined|\[object/);
});

test("it loads nothing, and everything from the folder is text", async () => {
  const folder = makeRunFolder(join(root, "hostile/1"), {
    experiment: hostile,
    settings: { [hostile]: hostile },
    about: { question: hostile, paper: hostile, command: [hostile], packages: { [hostile]: hostile } },
    metrics: measurements(3, () => ({ [hostile]: 1 })),
    samples: [{ step: 1, text: hostile }],
    findings: [{ step: 1, kind: hostile, where: hostile, message: hostile, advice: hostile }],
    model: { name: hostile, type: hostile, parameters: 1, children: [] },
    status: { state: "failed", step: 1, error: hostile },
    result: { [hostile]: 1 },
  });
  writeFileSync(join(folder, "log.txt"), hostile);
  const page = readFileSync(await writeReport(folder), "utf8");
  expect(page).not.toContain("<script");
  expect(page).not.toContain("<img");
  expect(page.split(escaped).length).toBeGreaterThan(12);
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/<[^>]*\s(src|href|xlink:href|on\w+)="|url\(|@import|https?:(?!\/\/www\.w3\.org)/);
});

test("a killed run has a report: partial files are fine, and values that are not finite are counted", async () => {
  const folder = makeRunFolder(join(root, "sorting/1"), {
    metrics: measurements(1000, (step) => ({ loss: step === 7 ? "NaN" : step === 8 ? "-Infinity" : 1 / step })),
    status: { state: "running", step: 1000, steps: 5000 },
  });
  writeFileSync(join(folder, "metrics.jsonl"), '{"step":1001,"lo', { flag: "a" });
  writeFileSync(join(folder, "model.json"), '{"name":');
  const page = readFileSync(await writeReport(folder), "utf8");
  expect(page).toContain("Interrupted");
  expect(page).toContain("after 1,000 of 5,000 steps");
  expect(page).toContain("2 values are not finite");
  expect(page).toContain("means over 4 steps");
});

test("a folder that isn't that of a run is refused", async () => {
  await expect(writeReport(join(root, "absent"))).rejects.toThrow(RunError);
  await expect(writeReport(root)).rejects.toThrow(/name a folder such as/);
});

test("a run whose process died is shown as interrupted, and what was changed when it was resumed", async () => {
  const folder = makeRunFolder(join(root, "sorting/8"), {
    status: { state: "running", step: 7, steps: 50, pid: process.pid },
    about: {
      changes: [
        { step: 5, source: ["index.ts"] },
        { step: 7, steps: [7, 50], result: { loss: 0.25 } },
      ],
    },
  });
  const page = readFileSync(await writeReport(folder), "utf8");
  for (const text of ["Interrupted", "source: index.ts", "steps: from 7 to 50; result until then: loss 0.25"])
    expect(page).toContain(text);
  using _lock = new RunLock(folder);
  expect(readFileSync(await writeReport(folder), "utf8")).toMatch(/Not ended<\/span>: 7 of 50 steps so far/);
});
