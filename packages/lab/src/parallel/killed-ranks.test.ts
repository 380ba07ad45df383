/** Kills one process of a run at a random moment, and resumes: the results are those of a run without a kill. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { threefry2x32 } from "@ansatz/core/plugin";
import { expect, test } from "vitest";
import { folders } from "../experiment/testing.ts";
import { hasMpi, Job, lossesOf, outcomeOf, shared } from "./testing.ts";

const kills = process.env["ANSATZ_TEST_FULL"] === undefined ? 2 : 20;
const ranks = 2;
const newFolder = folders();
const settings = ["--backend", "cpu", "--steps", "100", "--save-every", "8", "--dropout", "0.3"];
const start = (folder: string) =>
  new Job(ranks, ["run", shared, "--parallel", "--folder", join(folder, "run"), ...settings], folder);

test.skipIf(process.platform !== "linux" || !hasMpi())(
  `${kills} kills of a rank end all within seconds, with its rank, and each run resumes bit for bit`,
  async () => {
    const whole = newFolder();
    const first = start(whole);
    expect(await first.end(), first.errors).toBe(0);
    for (let i = 0; i < kills; i++) {
      const folder = newFolder();
      const run = join(folder, "run");
      const [moment, delay] = threefry2x32(20, 59, i, 0);
      const rank = i % ranks;
      const what = `kill ${i}, of rank ${rank}`;
      const job = start(folder);
      await job.until(() => existsSync(run) && lossesOf(run).length > moment % 90);
      await sleep(delay % 10);
      process.kill(job.processOf(rank), "SIGKILL");
      const killed = performance.now();
      expect(await job.end(), what).not.toBe(0);
      expect(performance.now() - killed, what).toBeLessThan(10_000);
      expect(job.errors, what).toMatch(new RegExp(`rank ${rank} .*signal 9`));
      const resumed = start(folder);
      expect(await resumed.end(), `${what}\n${resumed.errors}`).toBe(0);
      expect(outcomeOf(run), what).toEqual(outcomeOf(join(whole, "run")));
    }
  },
  kills * 600_000,
);
