import { afterEach, expect, test, vi } from "vitest";
import { Interrupt } from "./interrupt.ts";

afterEach(() => vi.restoreAllMocks());

test("the first Ctrl-C asks, the second ends the process, and nothing listens afterwards", () => {
  const before = process.listenerCount("SIGINT");
  const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
  {
    using interrupt = new Interrupt();
    expect(interrupt.requested).toBe(false);
    process.emit("SIGINT");
    expect(interrupt.requested).toBe(true);
    expect(exit).not.toHaveBeenCalled();
    process.emit("SIGINT");
    expect(exit).toHaveBeenCalledWith(130);
  }
  expect(process.listenerCount("SIGINT")).toBe(before);
});
