/**
 * Kills processes with SIGKILL at random moments while they train, save, sweep and reproduce, and resumes each: the
 * results are those of a process that was never killed, bit for bit.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { threefry2x32 } from "@ansatz/core/plugin";
import { afterAll, expect, test } from "vitest";
import { MetricsLog } from "../metrics.ts";
import { isInUse } from "./run-lock.ts";
import { folders, readFrom } from "./testing.ts";

const full = process.env["ANSATZ_TEST_FULL"] !== undefined;
const kills = full ? 100 : 3;
const backends = ["cpu", "onnx", "wasm"] as const;
const newFolder = folders();
const tsx = pathToFileURL(join(import.meta.dirname, "../../../../node_modules/tsx/dist/loader.mjs")).href;
const command = join(import.meta.dirname, "../command/index.ts");
const small = join(import.meta.dirname, "../testing/small-experiment.ts");
const settings = ["--steps", "60", "--save-every", "2"];

/** Something that a process does with runs, and how it goes on after a kill. */
interface Activity {
  /** What is there before it begins. */
  readonly prepare?: (folder: string) => void;
  readonly words: (folder: string, backend: string) => readonly string[];
  /** The words that resume it, if they are others. */
  readonly resume?: (folder: string) => readonly string[];
  /** The folders of its runs, once they are there. */
  readonly runs: (folder: string) => readonly string[];
  /** The lines that all of its runs measure. */
  readonly lines: number;
  /** What it writes besides its runs. */
  readonly written?: (folder: string) => unknown;
}

const run: Activity = {
  words: (folder, backend) => ["run", small, "--folder", folder, "--backend", backend, ...settings, "--quiet"],
  runs: (folder) => [folder],
  lines: 61,
};

const sweep: Activity = {
  words: (folder, backend) => [
    ...["sweep", small, "--seed", "1..2", "--workers", "2", "--threads", "1", "--runs", folder, "--backend", backend],
    ...settings,
  ],
  resume: (folder) => [
    "sweep",
    "--resume",
    join(folder, "small-experiment/sweep/1"),
    "--trust",
    "--retry",
    "--workers",
    "2",
  ],
  runs: (folder) => [1, 2].map((number) => join(folder, `small-experiment/sweep/1/${number}`)),
  lines: 122,
  written: (folder) => {
    const { runs } = readFrom(join(folder, "small-experiment/sweep/1"), "sweep.json") as { runs: { state: string }[] };
    return runs.map(({ state }) => state);
  },
};

const variants = [1, 2, 3].flatMap((seed) => [`main-${seed}`, `slow-${seed}`]);
const reproduction: Activity = {
  prepare: (folder) => {
    mkdirSync(join(folder, "adding"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    symlinkSync(join(import.meta.dirname, "../../node_modules"), join(folder, "node_modules"), "junction");
    writeFileSync(
      join(folder, "adding/index.ts"),
      `import small from ${JSON.stringify(pathToFileURL(small).href)};
const { settings } = small;
const [steps, saveEvery] = [{ ...settings.steps, default: 30 }, { ...settings.saveEvery, default: 2 }];
export default { ...small, settings: { ...settings, steps, saveEvery } };\n`,
    );
  },
  words: (folder, backend) => [
    ...["reproduce", join(folder, "adding"), "--runs", join(folder, "runs"), "--backend", backend, "--quiet"],
  ],
  runs: (folder) => variants.map((variant) => join(folder, "runs/adding/reproduce/1", variant)),
  lines: 6 * 31,
  written: (folder) => {
    const { seeds, claims } = readFrom(join(folder, "adding"), "results.json");
    return { seeds, claims, picture: readFileSync(join(folder, "adding/results.svg"), "utf8") };
  },
};

const activities = { training: run, saving: run, sweeping: sweep, reproducing: reproduction } as const;
/** Without `test:full`, the tests of sweeps kill theirs. */
const names = full
  ? (["training", "saving", "sweeping", "training", "saving", "reproducing"] as const)
  : (["training", "saving", "reproducing"] as const);

const started: ChildProcess[] = [];
afterAll(() => {
  for (const job of started) killAll(job);
});

/** Starts the command as the leader of a process group, to which the runs of a sweep belong. */
function start(words: readonly string[]): ChildProcess {
  const job = spawn(process.execPath, ["--import", tsx, "--conditions=source", command, ...words], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, NODE_OPTIONS: "" },
    detached: true,
  });
  started.push(job);
  return job;
}

function killAll(job: ChildProcess): void {
  try {
    process.kill(-job.pid!, "SIGKILL");
  } catch {
    // none of them is there any more
  }
}

async function end(job: ChildProcess): Promise<number | string | null> {
  if (job.exitCode === null && job.signalCode === null) await once(job, "close");
  return job.exitCode ?? job.signalCode;
}

const measured = (folders: readonly string[]): number =>
  folders.reduce((sum, folder) => sum + (existsSync(folder) ? new MetricsLog(folder).read().length : 0), 0);
const inMidSave = (folder: string): boolean =>
  readdirSync(folder).some((name) => /^step-.*partial$|^checkpoint.*partial$/.test(name));

/** Polls without a pause if the moment is short: a save takes only a few milliseconds. */
async function until(holds: () => boolean, job: ChildProcess, pause = 0): Promise<void> {
  while (!holds() && job.exitCode === null)
    await (pause > 0 ? sleep(pause) : new Promise((resolve) => setImmediate(resolve)));
}

/** All that must be equal, bit for bit. */
function outcome(activity: Activity, folder: string): unknown {
  return { runs: activity.runs(folder).map(outcomeOfRun), written: activity.written?.(folder) };
}

function outcomeOfRun(folder: string): unknown {
  const { sha256, parts } = readFrom(folder, "checkpoint.json") as { sha256: string; parts: Record<string, unknown> };
  const losses = new MetricsLog(folder).read().map(({ step, loss, sumOfWeights }) => [step, loss, sumOfWeights]);
  return {
    sha256,
    parts: { ...parts, files: undefined },
    losses,
    result: readFrom(folder, "result.json"),
    samples: readFileSync(join(folder, "samples.jsonl"), "utf8"),
    leftovers: readdirSync(folder).filter((name) => /partial|stale/.test(name)),
    // A run of a sweep that was killed after its result was saved is not started again, and leaves its lock.
    locked: isInUse(folder),
  };
}

const wholes = new Map<string, Promise<unknown>>();

/** What a process that is never killed leaves. */
function whole(activity: Activity, backend: string): Promise<unknown> {
  const name = `${Object.values(activities).indexOf(activity)} ${backend}`;
  const known = wholes.get(name);
  if (known !== undefined) return known;
  const made = (async () => {
    const folder = newFolder();
    activity.prepare?.(folder);
    expect(await end(start(activity.words(folder, backend)))).toBe(0);
    return outcome(activity, folder);
  })();
  wholes.set(name, made);
  return made;
}

/** Kills a job: of a sweep its own process, one of its runs, or all of them. */
function kill(job: ChildProcess, activity: Activity, folder: string, way: number): void {
  if (activity !== sweep || way === 0) return killAll(job);
  if (way === 1) return void job.kill("SIGKILL");
  const running = sweep.runs(folder).find((place) => existsSync(join(place, "lock")))!;
  process.kill((readFrom(running, "lock") as { pid: number }).pid, "SIGKILL");
}

test(`${kills} killed processes end as if nothing had happened, on ${backends.join(", ")}`, async () => {
  let midSaves = 0;
  const seconds = { training: 0, saving: 0, sweeping: 0, reproducing: 0 };
  for (let i = 0; i < kills; i++) {
    const began = performance.now();
    const name = names[i % names.length]!;
    const activity: Activity = activities[name];
    const round = Math.floor(i / names.length);
    const backend = backends[(full ? round : i) % backends.length]!;
    const way = Math.floor(round / backends.length) % 3;
    const what = `kill ${i}: ${name} on ${backend}`;
    const folder = newFolder();
    activity.prepare?.(folder);
    const job = start(activity.words(folder, backend));
    const [moment, delay] = threefry2x32(20, 26, i, 0);
    const at = 1 + (moment % (activity.lines - 10));
    await until(() => measured(activity.runs(folder)) >= at, job, 2);
    if (name === "saving") {
      await until(() => inMidSave(folder), job);
      kill(job, activity, folder, way);
    } else {
      await sleep(delay % 10);
      kill(job, activity, folder, way);
    }
    const ending = await end(job);
    // A sweep outlives a run of its own that is killed, and fails.
    expect(ending, what).toBe(activity === sweep && way === 2 ? 1 : "SIGKILL");
    if (name === "saving" && inMidSave(folder)) midSaves++;
    expect(await end(start(activity.resume?.(folder) ?? activity.words(folder, backend))), what).toBe(0);
    expect(outcome(activity, folder), what).toEqual(await whole(activity, backend));
    seconds[name] += (performance.now() - began) / 1_000;
  }
  if (!full) return; // a single save may end just before it is killed
  console.log(`${midSaves} saves were cut short; seconds`, seconds);
  expect(midSaves).toBeGreaterThan(5);
}, 3_600_000);
