import { expect, test, vi } from "vitest";
import { RunFiles } from "./run-files.ts";
import { folders, readLines } from "./testing.ts";

const newFolder = folders();

test("what had been spent at each step goes on when a run is resumed, from what its checkpoint holds", () => {
  const folder = newFolder();
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const began = new RunFiles(folder);
    const measure = (files: RunFiles, step: number) => {
      vi.advanceTimersByTime(1_500);
      files.measured({ step, loss: 1 }, { tokens: 10 });
    };
    measure(began, 1);
    measure(began, 2);
    const state = began.stateDict();
    measure(began, 3);
    vi.advanceTimersByTime(60_000);
    const resumed = new RunFiles(folder);
    resumed.loadStateDict(state);
    measure(resumed, 3);
  } finally {
    vi.useRealTimers();
  }
  expect(readLines(folder, "spent.jsonl")).toEqual([
    { step: 1, seconds: 1.5, tokens: 10 },
    { step: 2, seconds: 3, tokens: 20 },
    { step: 3, seconds: 4.5, tokens: 30 },
  ]);
});
