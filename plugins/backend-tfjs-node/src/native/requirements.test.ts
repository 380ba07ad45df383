import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackendError } from "@ansatz/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { compileBinding } from "./compile-binding.ts";
import { checkRequirements } from "./requirements.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "requirements-"));
  vi.stubEnv("XDG_CACHE_HOME", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  rmSync(folder, { recursive: true });
});

test("everything that is missing is listed in one error", () => {
  vi.stubEnv("CXX", "no-such-compiler");
  vi.stubGlobal("process", { ...process, platform: "sunos", arch: "sparc", env: process.env });
  expect(() => checkRequirements("cpu")).toThrow(
    /this is sunos on sparc\n {2}[^]*\nthere is no C\+\+17 compiler "no-such-compiler"\n {2}install one/,
  );
});

test("the error contains the messages of the compiler", async () => {
  writeFileSync(join(folder, "broken.cc"), "#error these sources are broken\n");
  const { signal } = new AbortController();
  const error: unknown = await compileBinding(folder, folder, folder, join(folder, "out.node"), signal).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BackendError);
  expect((error as Error).message).toMatch(
    /could not compile tfjs-node's native part:\n[^]*(these sources are broken|ENOENT)[^]*\n {2}choose another /,
  );
});
