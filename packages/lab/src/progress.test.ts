import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { duration, Progress } from "./progress.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function watched(isTTY: boolean): { lines: string[]; output: NodeJS.WriteStream } {
  const lines: string[] = [];
  return {
    lines,
    output: { isTTY, columns: 80, write: (text: string) => lines.push(text) > 0 } as unknown as NodeJS.WriteStream,
  };
}

test("outside a terminal there are plain lines, a few seconds apart, and the last step", () => {
  const { lines, output } = watched(false);
  const progress = new Progress(100, { output });
  for (let step = 1; step <= 100; step++) {
    vi.advanceTimersByTime(100);
    progress.update(step, { loss: (4 - step / 100).toFixed(2) });
  }
  progress.end();
  expect(lines.at(-1)).toMatch(/^step 100\/100 {2}loss 3.00 {2}took 10 s\n$/);
  expect(lines.length).toBeLessThanOrEqual(4);
  for (const line of lines) expect(line).not.toContain("\r");
});

test("on a terminal one line is redrawn", () => {
  const { lines, output } = watched(true);
  const progress = new Progress(100, { output });
  vi.advanceTimersByTime(1_000);
  progress.update(1, { loss: "4" });
  progress.update(2, { loss: "3" }); // too soon
  progress.end();
  expect(lines).toEqual(["\r\u001B[2Kstep 1/100  loss 4  1 m 39 s left", "\n"]);
});

test("a resumed run measures its pace from where it resumed", () => {
  const { lines, output } = watched(true);
  const progress = new Progress(100, { output, done: 90 });
  vi.advanceTimersByTime(1_000);
  progress.update(91, {});
  expect(lines[0]).toContain("step 91/100  9 s left");
});

test("until the second step is done there is no time left, if the first takes longer than the others", () => {
  const { lines, output } = watched(true);
  const progress = new Progress(100, { output, starting: "compiling" });
  for (const [step, took] of [
    [1, 9_000],
    [2, 1_000],
    [3, 1_000],
  ] as const) {
    vi.advanceTimersByTime(took);
    progress.update(step, {});
  }
  expect(lines.map((line) => line.replace(/^\r\S+K/, ""))).toEqual([
    "step 0/100  compiling",
    "step 1/100  compiling",
    "step 2/100  1 m 38 s left",
    "step 3/100  1 m 37 s left",
  ]);
});

test("durations are readable", () => {
  expect([200, 59_600, 61_000, 3_725_000].map(duration)).toEqual(["0 s", "1 m 00 s", "1 m 01 s", "1 h 02 m"]);
});

test("on a narrow terminal the last facts give way to the time left", () => {
  const { lines, output } = watched(true);
  const progress = new Progress(100, { output });
  vi.advanceTimersByTime(1_000);
  progress.update(1, { loss: "4", validationLoss: "5.000 at 1", "ms/step": "1000.0", MiB: "x".repeat(30) });
  expect(lines[0]).toBe("\r\u001B[2Kstep 1/100  loss 4  validationLoss 5.000 at 1  ms/step 1000.0  1 m 39 s left");
});
