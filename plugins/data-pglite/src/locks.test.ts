import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { StateError } from "@ansatz/core";
import { afterAll, expect, onTestFinished, test, vi } from "vitest";
import { lockFolder } from "./folder-lock.ts";
import { lockPlace } from "./web-lock.ts";

const folder = mkdtempSync(join(tmpdir(), "locks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a folder is locked until it is released", () => {
  const at = join(folder, "index");
  const release = lockFolder(at);
  expect(JSON.parse(readFileSync(`${at}.lock`, "utf8"))).toMatchObject({ pid: process.pid, host: hostname() });
  expect(() => lockFolder(at)).toThrow(StateError);
  expect(() => lockFolder(at)).toThrow(/index: another process has it open\n {2}close it there.*delete .*index\.lock/);
  lockFolder(join(folder, "other"))();
  release();
  expect(existsSync(`${at}.lock`)).toBe(false);
  lockFolder(at)();
});

test("the lock of a process that has ended is taken over, that of another machine is not", () => {
  const at = join(folder, "stale");
  const { pid } = spawnSync(process.execPath, ["--version"]);
  const own = { pid: process.pid, host: hostname() };
  const ended = [{ ...own, pid, started: "" }, process.platform === "linux" && { ...own, started: "1" }].filter(
    Boolean,
  );
  for (const text of [...ended.map((holder) => JSON.stringify(holder)), "", "{", "null", "7"]) {
    writeFileSync(`${at}.lock`, text);
    lockFolder(at)();
    expect(existsSync(`${at}.lock`)).toBe(false);
  }
  const foreign = JSON.stringify({ pid, host: "elsewhere", started: "" });
  writeFileSync(`${at}.lock`, foreign);
  expect(() => lockFolder(at)).toThrow(/another process has it open/);
  expect(readFileSync(`${at}.lock`, "utf8")).toBe(foreign);
});

test("in a browser, a place is locked by the browser's own locks, and memory isn't", async () => {
  const held = new Set<string>();
  const request = async (name: string, _options: object, task: (lock: object | null) => Promise<void> | undefined) => {
    if (held.has(name)) return task(null);
    held.add(name);
    await task({});
    await Promise.resolve();
    held.delete(name);
  };
  vi.stubGlobal("navigator", { locks: { request } });
  onTestFinished(() => void vi.unstubAllGlobals());
  const release = await lockPlace("idb://facts");
  await expect(lockPlace("idb://facts")).rejects.toThrow(StateError);
  await expect(lockPlace("idb://facts")).rejects.toThrow(
    /^idb:\/\/facts: another tab or worker has it open\n {2}close it/,
  );
  await (
    await lockPlace("idb://other")
  )();
  await release();
  await (
    await lockPlace("idb://facts")
  )();
  for (const memory of ["", "memory://"]) for (let i = 0; i < 2; i++) await lockPlace(memory);
  expect(held).toEqual(new Set());
  vi.stubGlobal("navigator", undefined);
  await lockPlace("idb://facts");
});
