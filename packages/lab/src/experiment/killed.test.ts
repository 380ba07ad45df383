/** Kills training processes with SIGKILL at random moments, even while they save, and resumes each. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { threefry2x32 } from "@ansatz/core/plugin";
import { beforeAll, expect, test } from "vitest";
import { MetricsLog } from "../metrics.ts";
import { folders, readFrom } from "./testing.ts";

const full = process.env["ANSATZ_TEST_FULL"] !== undefined;
const kills = full ? 20 : 4;
const steps = 60;
const backends = ["cpu", "onnx"] as const;
const newFolder = folders();
const tsx = join(import.meta.dirname, "../../../../node_modules/tsx/dist/loader.mjs");
const command = join(import.meta.dirname, "../command/index.ts");
const experiment = join(import.meta.dirname, "small-experiment.ts");

function start(folder: string, backend: string): ChildProcess {
  const words = [
    "run",
    experiment,
    "--folder",
    folder,
    "--backend",
    backend,
    "--steps",
    String(steps),
    "--save-every",
    "2",
    "--quiet",
  ];
  return spawn(process.execPath, ["--import", pathToFileURL(tsx).href, "--conditions=source", command, ...words], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, NODE_OPTIONS: "" },
  });
}

async function end(job: ChildProcess): Promise<number | string | null> {
  if (job.exitCode === null && job.signalCode === null) await once(job, "close");
  return job.exitCode ?? job.signalCode;
}

/** Polls without a pause, because a save takes only a few milliseconds. */
async function until(holds: () => boolean, job: ChildProcess): Promise<void> {
  while (!holds() && job.exitCode === null) await new Promise((resolve) => setImmediate(resolve));
}

const measured = (folder: string): number => new MetricsLog(folder).read().length;
const inMidSave = (folder: string): boolean =>
  readdirSync(folder).some((name) => /^step-.*partial$|^checkpoint.*partial$/.test(name));

/** All that must be equal, bit for bit. */
function outcome(folder: string): unknown {
  const { sha256, parts } = readFrom(folder, "checkpoint.json") as { sha256: string; parts: Record<string, unknown> };
  const losses = new MetricsLog(folder).read().map(({ step, loss, sumOfWeights }) => [step, loss, sumOfWeights]);
  return {
    sha256,
    parts: { ...parts, files: undefined },
    losses,
    result: readFrom(folder, "result.json"),
    samples: readFileSync(join(folder, "samples.jsonl"), "utf8"),
  };
}

const whole: Record<string, unknown> = {};
beforeAll(async () => {
  for (const backend of backends) {
    const folder = newFolder();
    await end(start(folder, backend));
    whole[backend] = outcome(folder);
  }
});

test(`${kills} runs that were killed end as if nothing had happened, on both backends`, async () => {
  let midSave = 0;
  for (let i = 0; i < kills; i++) {
    const backend = backends[i % 2]!;
    const folder = newFolder();
    const job = start(folder, backend);
    const at = 1 + (threefry2x32(20, 26, i, 0)[0] % (steps - 5));
    await until(() => measured(folder) >= at, job);
    if (i % 4 > 1) await until(() => inMidSave(folder), job);
    job.kill("SIGKILL");
    expect(await end(job), `kill ${i}, after ${at} steps`).toBe("SIGKILL");
    if (inMidSave(folder)) midSave++;
    expect(measured(folder)).toBeGreaterThanOrEqual(at);
    expect(await end(start(folder, backend))).toBe(0);
    expect(outcome(folder), `kill ${i} on ${backend}`).toEqual(whole[backend]);
    expect(readdirSync(folder).filter((name) => /partial|stale|lock/.test(name))).toEqual([]);
  }
  expect(midSave).toBeGreaterThan(0);
}, 300_000);
