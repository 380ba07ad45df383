/** Runs in several processes that `mpirun` starts: `ansatz run NAME --parallel`. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { alone as single, RandomStream } from "@ansatz/core";
import { Dropout, Sequential } from "@ansatz/nn";
import { beforeAll, describe, expect, test } from "vitest";
import { folders, readFrom, readLines } from "../experiment/testing.ts";
import { connect } from "./connect.ts";
import { Ranks } from "./ranks.ts";
import { divideStreams } from "./streams-of-rank.ts";
import { hasMpi, Job, lossesOf, outcomeOf, shared } from "./testing.ts";

const newFolder = folders();
const installed = hasMpi();
if (!installed) console.warn("SKIPPED: there is no mpirun here, which apt-get install openmpi-bin would bring");
const small = join(import.meta.dirname, "../testing/small-experiment.ts");

/** Runs the experiment in so many processes; returns the job and the folder of its run. */
async function trained(processes: number, ...words: string[]) {
  const folder = newFolder();
  const run = join(folder, "runs/shared-experiment/1");
  const job = await ended(processes, folder, shared, "--backend", "cpu", ...words);
  expect(await job.end(), job.errors).toBe(0);
  return { job, folder, run };
}

async function ended(processes: number, folder: string, ...words: string[]): Promise<Job> {
  const job = new Job(processes, ["run", ...words, ...(processes > 0 ? ["--parallel"] : [])], folder);
  await job.end();
  return job;
}

/** Expects losses at the same steps that differ by less than 1e-5. */
function expectClose(losses: readonly (readonly [number, number])[], others: readonly (readonly [number, number])[]) {
  expect(losses.map(([step]) => step)).toEqual(others.map(([step]) => step));
  for (const [i, [step, loss]] of losses.entries())
    expect(Math.abs(loss - others[i]![1]), `step ${step}`).toBeLessThan(1e-5);
}

describe.skipIf(!installed)("processes of mpirun", () => {
  const dropout = ["--dropout", "0.3"];
  let alone: Awaited<ReturnType<typeof trained>>;
  let two: Awaited<ReturnType<typeof trained>>;
  let dropped: Awaited<ReturnType<typeof trained>>;
  beforeAll(async () => {
    alone = await trained(0);
    two = await trained(2);
    dropped = await trained(2, ...dropout);
  }, 600_000);

  test("two and four learn what one does, and only rank 0 writes and prints", async () => {
    for (const { job, folder, run } of [two, await trained(4)]) {
      expectClose(lossesOf(run), lossesOf(alone.run));
      const { error } = readFrom(run, "result.json");
      expect(Math.abs((error as number) - (readFrom(alone.run, "result.json")["error"] as number))).toBeLessThan(1e-5);
      expect(readdirSync(join(folder, "runs/shared-experiment"))).toEqual(["1"]);
      expect(readdirSync(run).toSorted()).toEqual(readdirSync(alone.run).toSorted());
      expect(readLines(run, "samples.jsonl")).toEqual([{ step: 12, text: "rank 0" }]);
      expect(job.output.match(/printed by rank \d/g)).toEqual(["printed by rank 0"]);
      expect(job.output.match(/^error +\d/gm)).toHaveLength(1);
      expect(job.errors).toBe("");
    }
    expect(readFrom(two.run, "run.json")["ranks"]).toBe(2);
    expect(readFrom(alone.run, "run.json")).not.toHaveProperty("ranks");
  }, 600_000);

  test("a run resumes with other numbers of processes, and with the same one bit for bit", async () => {
    const [other, same] = [await trained(2, "--steps", "4"), await trained(2, "--steps", "4", ...dropout)];
    const resume = (processes: number, { folder, run }: typeof other, steps: string) =>
      ended(processes, folder, shared, "--resume", run, "--steps", steps);
    const job = await resume(0, other, "8");
    expect(job.output).toContain("the number of ranks was 2 when this run began and is 1 now");
    await resume(4, other, "12");
    expectClose(lossesOf(other.run), lossesOf(alone.run));
    await resume(2, same, "12");
    expect(outcomeOf(same.run)).toEqual(outcomeOf(dropped.run));
    const whole = await ended(2, same.folder, shared, "--folder", same.run);
    expect([await whole.end(), whole.errors]).toEqual([0, ""]);
    expect(whole.output.match(/has ended already/g)).toHaveLength(1);
  }, 600_000);

  test.each([
    ["mpirun", (job: Job) => job.process.pid!],
    ["one process", (job: Job) => job.processOf(1)],
  ])(
    "Ctrl-C for %s stops all after the same step, and everything is saved",
    async (_who, pidOf) => {
      const folder = newFolder();
      const run = join(folder, "runs/shared-experiment/1");
      const words = ["--steps", "100000", "--save-every", "1000000", ...dropout];
      const job = new Job(2, ["run", shared, "--backend", "cpu", ...words, "--parallel"], folder);
      await job.until(() => existsSync(run) && lossesOf(run).length > 20);
      process.kill(pidOf(job), "SIGINT");
      expect(await job.end()).not.toBe(0);
      const { step } = readFrom(run, "checkpoint.json");
      expect(lossesOf(run).at(-1)![0]).toBe(step);
      expect(readFrom(run, "status.json")["state"]).toBe("interrupted");
      expect(job.output).toContain(
        `stopped after step ${String(step)}; everything is saved\n  resume with: mpirun -np 2 `,
      );
    },
    600_000,
  );

  test("an error of one process ends all, with its rank", async () => {
    const folder = newFolder();
    const job = await ended(2, folder, shared, "--backend", "cpu", "--failing-rank", "1");
    expect(await job.end()).toBe(1);
    expect(job.errors).toMatch(/ArgumentError: in rank 1 of 2: step 3 fails\n {2}choose another rank/);
  }, 600_000);

  test("an error of all is said once, and nothing is left", async () => {
    const folder = newFolder();
    const job = await ended(2, folder, shared, "--backend", "cpu", "--batch", "7");
    expect(await job.end()).toBe(1);
    expect(job.errors.match(/ShapeError: .*\[7,2\] cannot be divided among 2 processes/g)).toHaveLength(1);
  }, 600_000);

  test("an experiment that does not divide its batches is refused, and nothing is written", async () => {
    const folder = newFolder();
    const job = await ended(2, folder, small, "--backend", "cpu");
    expect(await job.end()).toBe(2);
    expect(job.errors.match(/UsageError: small-experiment does not divide its batches/g)).toHaveLength(1);
    expect(readdirSync(folder)).toEqual([]);
  }, 600_000);

  test("without mpirun, --parallel says how to start", async () => {
    const folder = newFolder();
    const job = new Job(0, ["run", shared, "--parallel", "--steps", "3"], folder);
    expect(await job.end()).toBe(2);
    expect(job.errors).toMatch(
      /which mpirun starts\n {2}start them: mpirun -np 4 .*ansatz run .* --parallel --steps 3/,
    );
    expect(readdirSync(folder)).toEqual([]);
  }, 600_000);
});

test("each rank but the first has random streams of its own, which only its modules draw from", () => {
  const streamsOf = (rank: number) => {
    const random = new RandomStream(3);
    const model = new Sequential(new Dropout(0.5, { random }), new Dropout(0.5, { random }));
    const before = model.randomState();
    divideStreams(new Ranks({ ...single, rank, size: 3 }), { model, random });
    expect(random.state).toEqual({ key: new RandomStream(3).state.key, counter: 2 });
    return [before, model.randomState()] as const;
  };
  const [[before, first], [, second], [, third]] = [streamsOf(0), streamsOf(1), streamsOf(2)];
  expect(first).toEqual(before);
  const keys = [first, second, third].flatMap((state) => Object.values(state).map(({ key }) => key.join()));
  expect(new Set(keys).size).toBe(6);
});

test("the package that connects processes is named if it is not installed", async () => {
  await expect(connect("ansatz run x --parallel", [newFolder()])).rejects.toThrow(
    /--parallel needs @ansatz\/parallel-mpi[^]*npm install @ansatz\/parallel-mpi/,
  );
});
