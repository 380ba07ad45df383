import { expect, test } from "vitest";
import { consecutiveWindows, RandomWindows } from "./token-windows.ts";

const tokens = Int32Array.from({ length: 100 }, (_, i) => i);
const options = { batch: 3, length: 8, seed: 7 };

test("the target is the input one token later, and every place is reached", () => {
  const windows = new RandomWindows(tokens, options);
  const starts = new Set<number>();
  for (let i = 0; i < 500; i++) {
    const { input, target } = windows.next();
    for (let at = 0; at < 24; at++) expect(target[at]).toBe((input[at] as number) + 1);
    for (let row = 0; row < 3; row++) starts.add(input[row * 8] as number);
  }
  expect(starts.size).toBe(92); // 0 to 91: the last window ends at 98 and its target at 99
});

test("a run that goes on at a position sees the same batches; another seed sees others", () => {
  const whole = new RandomWindows(tokens, options);
  const batches = Array.from({ length: 5 }, () => whole.next());
  const resumed = new RandomWindows(tokens, options);
  resumed.position = 3;
  expect(resumed.next()).toEqual(batches[3]);
  expect(resumed.position).toBe(4);
  const high = new RandomWindows(tokens, { ...options, seed: 7 + 2 ** 32 });
  expect(high.next()).not.toEqual(batches[0]);
  for (const batch of new RandomWindows(tokens, options)) {
    expect(batch).toEqual(batches[0]);
    break;
  }
});

test("consecutive windows cover the text once, up to the last that is whole", () => {
  const inputs = [...consecutiveWindows(tokens, { batch: 2, length: 16 })].flatMap(({ input }) => [...input]);
  expect(inputs).toEqual([...tokens.subarray(0, 96)]);
  expect([...consecutiveWindows(tokens.subarray(0, 96), { batch: 2, length: 16 })]).toHaveLength(2); // the 96th token has none after it
});

test("what cannot be cut is refused", () => {
  expect(() => new RandomWindows(tokens.subarray(0, 8), options)).toThrow(/8 tokens are too few for windows of 8/);
  expect(() => new RandomWindows(tokens, { ...options, batch: 0 })).toThrow(/batch is 0/);
  expect(() => new RandomWindows(tokens, { ...options, seed: -1 })).toThrow(/seed is -1/);
});
