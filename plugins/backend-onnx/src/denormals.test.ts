import { expect, test } from "vitest";
import { channelBlock } from "./channel-block.ts";

const flushed = (): boolean => {
  const smallest = Float64Array.of(Number.MIN_VALUE);
  for (let i = 0; i < 2; i++) smallest[0]! *= 1;
  return smallest[0] === 0;
};

test("the first model of a process makes its thread flush denormals, even one that asks for blocks", async () => {
  expect(flushed()).toBe(false);
  channelBlock();
  expect(flushed()).toBe(true);
});
