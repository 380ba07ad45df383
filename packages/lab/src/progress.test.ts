import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { duration, Interrupt, Progress } from "./index.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

/** Somewhere to write to, a terminal or not. */
function output(terminal: boolean, columns = 80) {
  const stream = Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY: terminal, columns });
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => String(stream.read() ?? "") };
}

describe("Progress", () => {
  test("outside a terminal it writes a line now and then, and the last", () => {
    const { stream, text } = output(false);
    const progress = new Progress(100, { output: stream });
    vi.advanceTimersByTime(10_000);
    progress.update(10, { loss: "2.500" });
    progress.update(11, { loss: "2.400" }); // too soon after the last
    vi.advanceTimersByTime(5_000);
    progress.update(50, { loss: "1.000" });
    progress.update(100, { loss: "0.500" });
    progress.end();
    expect(text()).toBe("step 10/100  loss 2.500  1 m 30 s left\nstep 50/100  loss 1.000  15 s left\nstep 100/100  loss 0.500  took 15 s\n");
  });

  test("in a terminal it rewrites one line, cut to the width", () => {
    const { stream, text } = output(true, 20);
    const progress = new Progress(10, { output: stream, unit: "epoch" });
    vi.advanceTimersByTime(1_000);
    progress.update(1, { loss: "2.5", accuracy: "0.1" });
    vi.advanceTimersByTime(50);
    progress.update(2, { loss: "2.4" });
    progress.end();
    expect(text()).toBe("\r\u001B[2Kepoch 1/10  loss 2.\n");
  });

  test("the time left goes by what was done in this process", () => {
    const { stream, text } = output(false);
    const progress = new Progress(100, { output: stream, done: 90 });
    vi.advanceTimersByTime(10_000);
    progress.update(95, {});
    expect(text()).toBe("step 95/100  10 s left\n");
  });
});

test.each([
  [0, "0 s"],
  [59_400, "59 s"],
  [59_600, "1 m 00 s"],
  [65_000, "1 m 05 s"],
  [3_599_000, "59 m 59 s"],
  [3_600_000, "1 h 00 m"],
  [7_380_000, "2 h 03 m"],
])("%d ms are %s", (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text);
});

test("an Interrupt asks to stop at the first signal, and gives the signals back", () => {
  const before = process.listenerCount("SIGINT");
  {
    using interrupt = new Interrupt();
    expect(interrupt.requested).toBe(false);
    process.emit("SIGINT");
    expect(interrupt.requested).toBe(true);
  }
  expect(process.listenerCount("SIGINT")).toBe(before);
});

test("the second signal ends the process at once", () => {
  const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
  using _interrupt = new Interrupt();
  process.emit("SIGTERM");
  expect(exit).not.toHaveBeenCalled();
  process.emit("SIGINT");
  expect(exit).toHaveBeenCalledWith(130);
  exit.mockRestore();
});
