import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeAtomically } from "./atomic-write.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "atomic-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("the old file stays until the new one is whole", async () => {
  const path = join(folder, "state");
  await writeAtomically(path, (file) => file.writeFile("old"));
  await writeAtomically(path, async (file) => {
    await file.writeFile("new");
    expect(await readFile(path, "utf8")).toBe("old");
  });
  expect(await readFile(path, "utf8")).toBe("new");
});

test("without space the old file stays, the temporary one goes, and the error says so", async () => {
  const path = join(folder, "state");
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  const write = writeAtomically(path, async (file) => {
    await file.writeFile("half");
    throw full;
  });
  await expect(write).rejects.toThrow(/was not written: there is no space left\n {2}what was saved before is untouched/);
  expect(await readFile(path, "utf8")).toBe("new");
  expect(await readdir(folder)).toEqual(["state"]);
});
