import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { drawLossCurve } from "./loss-curve.ts";
import { MetricsLog } from "./metrics.ts";
import { createRunFolder, readJson, RunError, writeJson } from "./run-folder.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "runs-"));
});
afterEach(() => rm(root, { recursive: true }));

test("every run gets its own folder, even if several start at once", async () => {
  const folders = await Promise.all(Array.from({ length: 8 }, () => createRunFolder(root, "sorting")));
  expect(folders.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((number) => join(root, "sorting", String(number))));
  await rm(join(root, "sorting", "3"), { recursive: true });
  expect(await createRunFolder(root, "sorting")).toBe(join(root, "sorting", "9"));
});

test("JSON is read back, and invalid JSON is refused", async () => {
  await writeJson(root, "settings.json", { steps: 5 });
  expect(await readJson(root, "settings.json")).toEqual({ steps: 5 });
  await writeFile(join(root, "settings.json"), "{");
  await expect(readJson(root, "settings.json")).rejects.toThrow(RunError);
  await expect(readJson(root, "absent.json")).rejects.toThrow(/check that this is the folder of a run/);
});

test("metrics are appended line by line, even numbers that JSON lacks", async () => {
  const log = new MetricsLog(root);
  log.append({ step: 1, loss: 4.25 });
  log.append({ step: 2, loss: NaN, rate: -Infinity });
  expect(await readFile(join(root, "metrics.jsonl"), "utf8")).toBe(
    '{"step":1,"loss":4.25}\n{"step":2,"loss":"NaN","rate":"-Infinity"}\n',
  );
  expect(log.read()).toEqual([
    { step: 1, loss: 4.25 },
    { step: 2, loss: NaN, rate: -Infinity },
  ]);
});

test("a resumed run drops metrics after its checkpoint, and the partial line of a crash", async () => {
  const log = new MetricsLog(root);
  log.append({ step: 1, loss: 4 });
  const length = log.sync();
  await appendFile(log.path, '{"step":2,"loss":3}\n{"step":3,"lo');
  expect(log.read().map(({ step }) => step)).toEqual([1, 2]);
  log.truncate(length);
  log.append({ step: 2, loss: 2.5 });
  expect(log.read()).toEqual([
    { step: 1, loss: 4 },
    { step: 2, loss: 2.5 },
  ]);
});

test("the loss curve is drawn as SVG and PNG, a line for each series", async () => {
  const log = new MetricsLog(root);
  for (const metrics of [
    { step: 1, loss: 4, validationLoss: 4.1 },
    { step: 2, loss: 3 },
    { step: 3, loss: 2.5, validationLoss: 2.7 },
  ])
    log.append(metrics);
  await drawLossCurve(root, "Moby Dick");
  const svg = await readFile(join(root, "loss.svg"), "utf8");
  for (const text of ["Moby Dick", "training", "validation", "step"]) expect(svg).toContain(`>${text}<`);
  expect(svg).not.toContain("NaN");
  const png = await readFile(join(root, "loss.png"));
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  expect(png.readUInt32BE(16)).toBeGreaterThan(1_000); // its width
});
