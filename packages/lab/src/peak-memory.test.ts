import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { platform } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { peakMemory } from "./peak-memory.ts";

test("it grows with what is held, and does not fall", () => {
  const before = peakMemory();
  const held = new Uint8Array(64 * 2 ** 20 + before).fill(1);
  const during = peakMemory();
  expect(during).toBeGreaterThan(before + 2 ** 25);
  expect(held.at(-1)).toBe(1);
  expect(peakMemory()).toBeGreaterThanOrEqual(during);
});

test.skipIf(platform() !== "linux")("a small process that a large one starts is small", () => {
  const held = new Uint8Array(600 * 2 ** 20).fill(1);
  const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const source = pathToFileURL(join(import.meta.dirname, "peak-memory.ts")).href;
  const program = `import { peakMemory } from ${JSON.stringify(source)}; console.log(peakMemory());`;
  const words = ["--import", loader, "--input-type=module", "--eval", program];
  const own = Number(execFileSync(process.execPath, words, { encoding: "utf8" }));
  expect(peakMemory()).toBeGreaterThan(600 * 2 ** 20);
  expect(own).toBeLessThan(400 * 2 ** 20);
  expect(held.at(-1)).toBe(1);
});
