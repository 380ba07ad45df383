import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { RunOutput } from "./run-output.ts";
import { folders } from "./testing.ts";

const newFolder = folders();

test("a metric that was not measured at the step that is shown says when it was", () => {
  const folder = newFolder();
  const output = new RunOutput(folder, "quiet");
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    output.begin(3, 0, 0, {});
    for (const step of [1, 2, 3]) {
      vi.advanceTimersByTime(step === 1 ? 60_000 : 6_000);
      output.measured({ step, loss: 4 - step, ...(step === 2 && { validationLoss: 2.5 }) });
      output.stepped(step);
    }
  } finally {
    vi.useRealTimers();
  }
  const lines = readFileSync(join(folder, "log.txt"), "utf8").trim().split("\n").slice(1);
  expect(lines.map((line) => line.replace(/ {2}MiB \d+/, ""))).toEqual([
    "step 0/3  compiling",
    "step 1/3  loss 3.000  compiling",
    "step 2/3  loss 2.000  validationLoss 2.500  s/step 6.00  6 s left",
    "step 3/3  loss 1.000  validationLoss 2.500 at 2  s/step 6.00  took 1 m 12 s",
  ]);
});

test("a terminal shows the course of the loss, and the log does not", () => {
  const folder = newFolder();
  const written: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(text as string) > 0);
  vi.spyOn(console, "log").mockReturnValue();
  const terminal = process.stdout.isTTY;
  process.stdout.isTTY = true;
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const output = new RunOutput(folder, "text");
    output.begin(3, 0, 0, {});
    for (const step of [1, 2, 3]) {
      vi.advanceTimersByTime(6_000);
      output.measured({ step, loss: 4 - step });
      output.stepped(step);
    }
  } finally {
    vi.useRealTimers();
    vi.restoreAllMocks();
    process.stdout.isTTY = terminal;
  }
  expect(written.at(-1)).toContain("step 3/3  loss █▅▁ 1.000  s/step 6.00");
  expect(readFileSync(join(folder, "log.txt"), "utf8")).toContain("step 3/3  loss 1.000  s/step 6.00");
});

test("a finding is coloured in a terminal that has colours, and nowhere else", () => {
  const folder = newFolder();
  const log = vi.spyOn(console, "log").mockReturnValue();
  const terminal = process.stdout.isTTY;
  vi.stubEnv("NO_COLOR", undefined);
  vi.stubEnv("FORCE_COLOR", undefined);
  const output = new RunOutput(folder, "text");
  try {
    for (const isTTY of [true, false]) {
      process.stdout.isTTY = isTTY;
      output.warn("dead units at step 3\n  try another rate");
    }
  } finally {
    process.stdout.isTTY = terminal;
    vi.unstubAllEnvs();
  }
  const plain = "\ndead units at step 3\n  try another rate";
  expect(log.mock.calls.flat()).toEqual(["\n\u001B[33mdead units at step 3\u001B[39m\n  try another rate", plain]);
  expect(readFileSync(join(folder, "log.txt"), "utf8")).toBe(`${plain}\n${plain}\n`);
});

test("a run ends with a table that can be copied, or a line if it is quiet; without a terminal, nothing else", () => {
  const log = vi.spyOn(console, "log").mockReturnValue();
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const terminal = process.stdout.isTTY;
  process.stdout.isTTY = false;
  const printed = (verbosity: "text" | "quiet") => {
    const folder = newFolder();
    const output = new RunOutput(folder, verbosity);
    output.begin(1, 0, 0, {});
    output.measured({ step: 1, loss: 3 });
    output.stepped(1);
    output.end();
    log.mockClear();
    output.conclude("the end: loss 3", [
      ["loss", "3.0000"],
      ["validationLoss", "2.5000"],
    ]);
    expect(readFileSync(join(folder, "log.txt"), "utf8")).toMatch(
      /\nstep 1\/1[^]*\nloss {12}3\.0000\nvalidationLoss {2}2\.5000\n$/,
    );
    return log.mock.calls.flat();
  };
  try {
    expect(printed("text")).toEqual(["loss            3.0000\nvalidationLoss  2.5000"]);
    expect(printed("quiet")).toEqual(["the end: loss 3"]);
    expect(write).not.toHaveBeenCalled();
  } finally {
    vi.restoreAllMocks();
    process.stdout.isTTY = terminal;
  }
});
