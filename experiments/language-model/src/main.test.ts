import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Job, measured, outcome, scripts, small, tiny, words } from "./testing.ts";

const places: string[] = [];
/** A folder to start a job in. Its run is `runs/language-model/1` there. */
function place(): { folder: string; run: string } {
  const folder = mkdtempSync(join(tmpdir(), "language-model-"));
  places.push(folder);
  return { folder, run: join(folder, "runs/language-model/1") };
}
afterAll(() => {
  for (const folder of places) rmSync(folder, { recursive: true, force: true });
});

const resume = ["--resume", "runs/language-model/1"];
const whole = place();
let first: Job;
beforeAll(async () => {
  first = new Job(whole.folder, tiny);
  await first.end();
});

/** Starts a job, waits until `when` holds, and sends a signal. */
async function stopped(
  settings: readonly string[],
  signal: NodeJS.Signals,
  when: (job: Job, run: string) => boolean,
  place: { folder: string; run: string },
  wrapped = false,
): Promise<{ job: Job; status: number | string; seconds: number }> {
  const job = new Job(place.folder, settings, { wrapped });
  await job.until(() => when(job, place.run));
  const asked = performance.now();
  process.kill(wrapped ? -job.process.pid! : job.process.pid!, signal);
  const status = await job.end();
  return { job, status, seconds: (performance.now() - asked) / 1000 };
}

test("a run prints its figures and writes settings, metrics, checkpoint, result, sample and picture", async () => {
  expect(first.errors).toBe("");
  expect(await first.end()).toBe(0);
  expect(first.output).toMatch(/6,672 parameters, 400 steps of 512 tokens, runs.language-model.1/);
  const read = (name: string) => readFileSync(join(whole.run, name));
  expect(JSON.parse(read("settings.json").toString())).toMatchObject({
    width: 16,
    dropout: 0.1,
    optimizer: "adamw",
    seed: 1,
  });
  const { losses, validations } = measured(whole.run);
  expect(losses).toHaveLength(400);
  expect(Object.keys(validations)).toEqual(["100", "200", "300", "400"]);
  expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.5);
  const { validationLoss, bitsPerCharacter } = JSON.parse(read("result.json").toString()) as Record<string, number>;
  expect(validationLoss).toBe(validations[400]);
  expect(bitsPerCharacter).toBeCloseTo(validationLoss! / Math.LN2, 12);
  const table = [
    `validationLoss    ${validationLoss!.toPrecision(5)}`,
    `bitsPerCharacter  ${bitsPerCharacter!.toPrecision(5)}`,
    "time              \\d+ s",
    "folder            runs.language-model.1",
  ];
  expect(first.output).toMatch(new RegExp(`^${table.join("\n")}$`, "m"));
  expect(first.output).toContain((JSON.parse(read("samples.jsonl").toString()) as { text: string }).text);
  expect(read("loss.png").subarray(1, 4).toString()).toBe("PNG");
  expect(JSON.parse(read("checkpoint.json").toString())).toMatchObject({ step: 400 });
});

describe("stopped and resumed, a run ends as if nothing had happened", () => {
  test.skipIf(process.platform === "win32")(
    "after Ctrl-C, which a terminal also sends to every process in between",
    async () => {
      const here = place();
      const { job, status } = await stopped(tiny, "SIGINT", (_job, run) => measured(run).steps > 20, here, true);
      expect(job.errors).toBe("");
      expect(status).toBe(130);
      const { steps } = measured(here.run);
      expect(steps).toBeLessThan(400);
      expect(job.output).toMatch(
        new RegExp(
          `stopped after step ${steps}; everything is saved\\n` +
            " {2}resume with: npx pnpm@10 start --resume runs.language-model.1",
        ),
      );
      const resumed = new Job(here.folder, resume);
      expect(await resumed.end()).toBe(0);
      expect(outcome(here.run)).toEqual(outcome(whole.run));

      const again = new Job(here.folder, resume);
      expect(await again.end()).toBe(1);
      expect(again.errors).toMatch(/^RunError: \S+ has ended: its result is in \S+\n {2}start a new run/);
    },
  );

  test.skipIf(process.platform === "win32")("after Ctrl-C in a step that takes long", async () => {
    const here = place();
    const slow = words({ width: 384, layers: 4, heads: 4, context: 64, batch: 24, steps: 1_000 });
    const { job, status } = await stopped(slow, "SIGINT", (_job, run) => measured(run).steps > 1, here, true);
    expect([job.errors, status]).toEqual(["", 130]);
    expect(job.output).toMatch(/stopped after step \d+; everything is saved/);
    // The command tsx would kill the job 60 ms after Ctrl-C, in the middle of a long step.
    for (const name of ["start", "experiment", "reproduce", "ansatz"] as const)
      expect(scripts[name]).toMatch(/^node --conditions=source --import tsx /);
  });

  test("after SIGTERM, and again during the last validation and while it writes", async () => {
    const here = place();
    const settings = words({ ...small, generate: 20_000 });
    const started = await stopped(settings, "SIGTERM", (_job, run) => measured(run).steps > 150, here);
    expect(started.status).toBe(130);
    const validating = await stopped(resume, "SIGINT", (_job, run) => measured(run).steps === 400, here);
    expect([validating.status, validating.job.errors]).toEqual([130, ""]);
    expect(validating.seconds).toBeLessThan(2);
    expect(validating.job.output).toContain("stopped after step 400; everything is saved");
    const path = join(here.run, "settings.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"generate": 20000', '"generate": 20'));
    expect(await new Job(here.folder, resume).end()).toBe(0);
    expect(outcome(here.run)).toEqual(outcome(whole.run));
  });

  test("after SIGKILL, from the last checkpoint, or from the start before the first one", async () => {
    const here = place();
    const often = [...tiny, "--save-every", "40"];
    expect((await stopped(often, "SIGKILL", (_job, run) => measured(run).steps > 10, here)).status).toBe("SIGKILL");
    expect((await stopped(resume, "SIGKILL", (_job, run) => measured(run).steps > 110, here)).status).toBe("SIGKILL");
    const { step } = JSON.parse(readFileSync(join(here.run, "checkpoint.json"), "utf8")) as { step: number };
    expect(step % 40).toBe(0);
    expect(await new Job(here.folder, resume).end()).toBe(0);
    expect(outcome(here.run)).toEqual(outcome(whole.run));
  });
});

test("on a full device it stops with a clear error, keeps its last checkpoint, and can resume", async ({ skip }) => {
  const here = place();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=220k", "tmpfs", here.folder], { stdio: "ignore" });
  } catch {
    skip("a small file system cannot be mounted here: that needs root on Linux");
  }
  try {
    const job = new Job(here.folder, [...tiny, "--save-every", "40"]);
    expect(await job.end()).toBe(1);
    expect(job.errors).toMatch(/^WriteError: \S+ cannot be written: .*\(ENOSPC\)\n {2}free some space, .*\n/);
    expect(job.errors).toMatch(/\n {2}resume with: .* --resume runs.language-model.1\n$/);
    expect(JSON.parse(readFileSync(join(here.run, "checkpoint.json"), "utf8"))).toMatchObject({ step: 40 });
    execFileSync("mount", ["-o", "remount,size=1m", here.folder]);
    expect(await new Job(here.folder, resume).end()).toBe(0);
    expect(outcome(here.run)).toEqual(outcome(whole.run));
  } finally {
    execFileSync("umount", [here.folder]);
  }
});

test("the same steps in other processes are the same, bit for bit, dropout and embedding included", async () => {
  const others = Array.from({ length: process.env["ANSATZ_TEST_FULL"] === undefined ? 2 : 4 }, place);
  for (const { folder, run } of others) {
    expect(await new Job(folder, tiny).end()).toBe(0);
    expect(outcome(run)).toEqual(outcome(whole.run));
  }
});

test("a quick reproduction runs one seed with the baseline, and leaves RESULTS.md alone", async () => {
  const here = place();
  const results = join(import.meta.dirname, "../RESULTS.md");
  const before = readFileSync(results, "utf8");
  const job = new Job(here.folder, ["--quick", "--quiet"], { command: "reproduce" });
  expect([await job.end(), job.errors]).toEqual([0, ""]);
  expect(job.output).toMatch(/^schedule cosine: validationLoss \d\.\d+, bits.*\nconstant: validationLoss/m);
  expect(job.output).toContain("every run works; quick runs do not judge claims");
  expect(readFileSync(results, "utf8")).toBe(before);
});

test("Lion is one word away", async () => {
  const { folder, run } = place();
  const job = new Job(folder, words({ ...small, optimizer: "lion", learningRate: 1e-3, steps: 100, generate: 0 }));
  expect([await job.end(), job.errors]).toEqual([0, ""]);
  expect(JSON.parse(readFileSync(join(run, "checkpoint.json"), "utf8"))).toMatchObject({
    step: 100,
    parts: { optimizer: { rule: "lion" } },
  });
  const { losses } = measured(run);
  expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.2);
});

describe.concurrent("on the command line", () => {
  const here = place();
  mkdirSync(join(here.folder, "empty"));

  test("--help lists every setting", async ({ expect }) => {
    const job = new Job(here.folder, ["--help"]);
    expect(await job.end()).toBe(0);
    for (const text of ["--resume FOLDER", "--vocabulary-size", "--save-every", "adamw or lion"])
      expect(job.output).toContain(text);
  });

  test.for<readonly [string[], RegExp]>([
    [["--widht", "16"], /no setting --widht\n {2}did you mean --width\?/],
    [["--width", "16", "--heads", "3"], /3 heads do not divide a width of 16/],
    [["--vocabulary-size", "100"], /--vocabulary-size cannot be 100\n {2}use 89 for characters or 50257/],
    [["--batch", "100000"], /more than the \d+ validation tokens\n {2}choose a smaller --batch/],
    [["--resume"], /--resume needs/],
    [["--resume", "nowhere"], /nowhere.settings.json cannot be read: .*\n {2}check that this is the folder of a run/],
    [["--resume", "empty", "--width", "5"], /--resume takes a folder and --steps, but --width is given/],
    [["--decay", "--optimizer", "sgd"], /no setting --decay/],
  ])("%j is refused in one clear sentence", async ([settings, message], { expect }) => {
    const job = new Job(here.folder, settings);
    expect(await job.end()).toBe(job.errors.startsWith("UsageError") ? 2 : 1);
    expect(job.errors).toMatch(message);
    expect(job.errors).toMatch(/^\w+Error: /);
    expect(job.errors).not.toMatch(/^\s+at /m);
    expect(job.output).toBe("");
  });
});
