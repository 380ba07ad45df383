import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { whileAlone } from "./lock.ts";

const { signal } = new AbortController();
let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "lock-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test("the second runs after the first, even if the first fails", async () => {
  const lock = join(folder, "lock");
  const done: string[] = [];
  const first = whileAlone(
    lock,
    () => done.push("first waits"),
    signal,
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      done.push("first");
      throw new Error("broken");
    },
  );
  const second = whileAlone(
    lock,
    (owner) => done.push(`second waits for ${owner === process.pid ? "it" : "another"}`),
    signal,
    async () => void done.push("second"),
  );
  await expect(first).rejects.toThrow("broken");
  await second;
  expect(done).toEqual(["second waits for it", "first", "second"]);
  expect(readdirSync(folder)).toEqual([]);
});

test("the lock of a killed process is ignored", async () => {
  writeFileSync(join(folder, "lock"), "999999999");
  expect(
    await whileAlone(
      join(folder, "lock"),
      () => expect.unreachable(),
      signal,
      async () => 1,
    ),
  ).toBe(1);
});

test("waiting can be stopped", async () => {
  writeFileSync(join(folder, "lock"), String(process.pid));
  const stop = new AbortController();
  await expect(
    whileAlone(
      join(folder, "lock"),
      () => stop.abort(),
      stop.signal,
      async () => 1,
    ),
  ).rejects.toThrow(/abort/);
});
