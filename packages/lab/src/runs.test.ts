import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createRunFolder, drawLossCurve, MetricsLog, readJson, RunError, writeJson } from "./index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runs-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("createRunFolder", () => {
  test("numbers runs from 1 on, each name by itself", async () => {
    expect(await createRunFolder(folder, "sorting")).toBe(join(folder, "sorting", "1"));
    expect(await createRunFolder(folder, "sorting")).toBe(join(folder, "sorting", "2"));
    expect(await createRunFolder(folder, "copying")).toBe(join(folder, "copying", "1"));
  });

  test("never takes a number again, nor a folder that is there", async () => {
    mkdirSync(join(folder, "sorting", "9"), { recursive: true });
    writeFileSync(join(folder, "sorting", "9", "result.json"), "kept");
    writeFileSync(join(folder, "sorting", "notes.txt"), "no run");
    expect(await createRunFolder(folder, "sorting")).toBe(join(folder, "sorting", "10"));
    expect(readFileSync(join(folder, "sorting", "9", "result.json"), "utf8")).toBe("kept");
  });

  test("runs that start at the same moment get folders of their own", async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => createRunFolder(folder, "sorting")));
    expect(new Set(made).size).toBe(8);
    expect(readdirSync(join(folder, "sorting"))).toHaveLength(8);
  });
});

describe("JSON files", () => {
  test("go out and in", async () => {
    await writeJson(folder, "settings.json", { width: 128, name: "é" });
    expect(await readJson(folder, "settings.json")).toEqual({ width: 128, name: "é" });
  });

  test("that are missing or damaged are named", async () => {
    writeFileSync(join(folder, "broken.json"), "{");
    await expect(readJson(folder, "missing.json")).rejects.toThrow(RunError);
    await expect(readJson(folder, "missing.json")).rejects.toThrow(join(folder, "missing.json"));
    await expect(readJson(folder, "broken.json")).rejects.toThrow(RunError);
  });
});

describe("MetricsLog", () => {
  test("keeps what was measured, in order, also for the next process", () => {
    new MetricsLog(folder).append({ step: 1, loss: 2.5 });
    new MetricsLog(folder).append({ step: 2, loss: 1.5, validationLoss: 2 });
    expect(new MetricsLog(folder).read()).toEqual([{ step: 1, loss: 2.5 }, { step: 2, loss: 1.5, validationLoss: 2 }]);
  });

  test("is empty before anything is measured", () => {
    expect(new MetricsLog(folder).read()).toEqual([]);
  });

  test("a line cut short by a crash is left out", async () => {
    const log = new MetricsLog(folder);
    log.append({ step: 1, loss: 2.5 });
    await appendFile(join(folder, "metrics.jsonl"), '{"step":2,"lo');
    expect(log.read()).toEqual([{ step: 1, loss: 2.5 }]);
  });

  test("truncate forgets what came after a step, so that nothing is measured twice", () => {
    const log = new MetricsLog(folder);
    for (const step of [1, 2, 3, 4]) log.append({ step, loss: 1 / step });
    log.truncate(2);
    log.append({ step: 3, loss: 9 });
    expect(log.read().map(({ step, loss }) => [step, loss])).toEqual([[1, 1], [2, 0.5], [3, 9]]);
    log.truncate(0);
    expect(log.read()).toEqual([]);
  });
});

test("drawLossCurve writes a picture with both losses", async () => {
  const metrics = [{ step: 1, loss: 3 }, { step: 2, loss: 2, validationLoss: 2.5 }, { step: 3, loss: 1.5 }, { step: 4, loss: 1.2, validationLoss: 1.4 }];
  await drawLossCurve(folder, metrics, "A curve of losses");
  const svg = readFileSync(join(folder, "loss.svg"), "utf8");
  for (const text of ["A curve of losses", "training", "validation", "nats a token"]) expect(svg).toContain(text);
  const png = readFileSync(join(folder, "loss.png"));
  expect([...png.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  expect(png.readUInt32BE(16)).toBeGreaterThan(1_000); // pixels wide
});
