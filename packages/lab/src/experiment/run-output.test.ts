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
