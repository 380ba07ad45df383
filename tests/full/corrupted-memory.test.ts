import { fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { TensorData } from "@ansatz/core";
import { saveCheckpoint } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import { damaged, Draws, fileOf, forgeHeader, partsOf } from "./damages.ts";

const full = process.env["ANSATZ_TEST_FULL"] !== undefined;
const tsx = pathToFileURL(join(import.meta.dirname, "../../node_modules/tsx/dist/loader.mjs")).href;
const folder = mkdtempSync(join(tmpdir(), "memory-"));
const size = 64 * 2 ** 20;

interface Loaded {
  readonly outcome: string;
  /** The most memory that the process has taken so far, in bytes. */
  readonly most: number;
}

/** A process that does nothing but load files. */
let loader: ChildProcess;
let answer: (loaded: Loaded) => void = () => undefined;
beforeAll(() => {
  if (!full) return;
  loader = fork(join(import.meta.dirname, "corrupted-run.ts"), {
    execArgv: ["--expose-gc", "--conditions=source", "--import", tsx],
  });
  loader.on("message", (loaded: Loaded) => answer(loaded));
  loader.on("exit", (status) => answer({ outcome: `the process ended with ${status}`, most: Infinity }));
});
afterAll(() => {
  loader?.kill();
  rmSync(folder, { recursive: true, force: true });
});

function load(path: string): Promise<Loaded> {
  return new Promise((resolve) => {
    answer = resolve;
    loader.send(path);
  });
}

/** Saves a checkpoint of one tensor. */
async function save(step: number, numbers: number): Promise<string> {
  const tensor: TensorData = { shape: [numbers], dtype: "float32", data: new Float32Array(numbers).fill(0.1) };
  await saveCheckpoint(folder, step, { part: { stateDict: () => tensor, loadStateDict: () => undefined } });
  return join(folder, `step-${step}.safetensors`);
}

test.runIf(full)(
  "a corrupted file of 64 MiB takes at most twice its size, whatever it says of itself, and so does a good one",
  async () => {
    for (const path of [await save(1, 1), folder]) expect((await load(path)).outcome).toBe("loaded");
    // The process with all of its code: what the files take comes on top.
    const { most: before } = await load(folder);
    const path = await save(2, size / 4);
    const good = readFileSync(path);
    const { header, data } = partsOf(good);
    const outcomes = { loaded: 0, errors: 0 };
    let peak = 0;
    const check = async (at: string, what: string) => {
      const { outcome, most } = await load(at);
      expect(outcome, what).toMatch(/^loaded$|^(SafetensorsError|CheckpointError): /);
      peak = Math.max(peak, most - before);
      expect(peak, what).toBeLessThan(2 * size);
      outcomes[outcome === "loaded" ? "loaded" : "errors"]++;
    };
    for (const at of [path, folder]) await check(at, "good");
    for (let i = 0; i < 24; i++) {
      const { bad, what } = damaged(good, i, 24)!;
      writeFileSync(path, bad);
      for (const at of [path, folder]) await check(at, what);
    }
    for (let i = 0; i < 40; i++) {
      const forged = structuredClone(header);
      forgeHeader(forged, new Draws(i));
      writeFileSync(path, fileOf(forged, data));
      await check(path, JSON.stringify(forged).slice(0, 1_000));
    }
    const many = new Array<string>(300_000).fill("{}").join(","); // 1 MB that become 300,000 objects
    writeFileSync(path, fileOf(`{"a":[${many}]}`, data));
    await check(path, "a header of many objects");
    console.log(outcomes, `at most ${(peak / 2 ** 20).toFixed(0)} MiB for files of ${size / 2 ** 20} MiB`);
    expect(outcomes.errors).toBeGreaterThan(60);
  },
  600_000,
);
