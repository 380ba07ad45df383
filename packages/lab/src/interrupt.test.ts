import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Interrupt, InterruptedError } from "./interrupt.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "the first %s asks, the second ends the process, and nothing listens afterwards",
  (signal) => {
    const before = process.listenerCount(signal);
    const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
    {
      using interrupt = new Interrupt();
      expect(interrupt.requested).toBe(false);
      interrupt.check();
      process.emit(signal);
      expect(interrupt.requested).toBe(true);
      expect(() => interrupt.check()).toThrow(InterruptedError);
      vi.advanceTimersByTime(1_000);
      expect(exit).not.toHaveBeenCalled();
      process.emit(signal);
      expect(exit).toHaveBeenCalledWith(130);
    }
    expect(process.listenerCount(signal)).toBe(before);
  },
);

test("one Ctrl-C that arrives twice, through a parent program, does not end the process", () => {
  const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
  using interrupt = new Interrupt();
  process.emit("SIGINT");
  vi.advanceTimersByTime(100);
  process.emit("SIGINT");
  expect(interrupt.requested).toBe(true);
  expect(exit).not.toHaveBeenCalled();
});

test("a reader of the output that goes away asks, too; any other error of the output is thrown", () => {
  const before = process.stdout.listenerCount("error");
  {
    using interrupt = new Interrupt();
    expect(() => process.stdout.emit("error", Object.assign(new Error("write EIO"), { code: "EIO" }))).toThrow("EIO");
    expect(interrupt.requested).toBe(false);
    process.stdout.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    expect(interrupt.requested).toBe(true);
  }
  expect(process.stdout.listenerCount("error")).toBe(before);
});
