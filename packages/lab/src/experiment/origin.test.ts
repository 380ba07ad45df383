import { readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { grad, Optimizer, StateError, sum, tensor, use } from "@ansatz/core";
import { Linear } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";
import { beforeAll, expect, test } from "vitest";
import { CheckpointError } from "../checkpoint.ts";
import { RunError } from "../run-folder.ts";
import { UsageError } from "../settings.ts";
import { experiment } from "./experiment.ts";
import { runExperiment, type RunOptions } from "./run-experiment.ts";
import { folders, printing, readFrom } from "./testing.ts";

const newFolder = folders();
const printed = printing("log");
beforeAll(() => use(cpu()));

/** Says the weight before its first update and after its last, and how many updates the optimizer counts. */
const tiny = experiment({
  question: "Where does it start?",
  settings: { inputs: 1, steps: 2, alone: false },
  async run({ settings, random, steps }) {
    const model = new Linear(settings.inputs, 1, { random, bias: false });
    const optimizer = new Optimizer(model, adamw, { learningRate: 0.1 });
    const weight = () => sum(model.weight).item();
    let first = NaN;
    for await (const step of steps(settings.steps, settings.alone ? { model } : { model, optimizer })) {
      if (step === 1) first = await weight();
      optimizer.update(grad(sum(model.forward(tensor([Array(settings.inputs).fill(1)]))), model.parameters()));
      await weight();
    }
    return { first, last: await weight(), updates: optimizer.step };
  },
});

const run = (options: RunOptions) => runExperiment(tiny, { runs: newFolder(), ...options });

test("a run starts with the model of another one, and by choice with its optimizer", async () => {
  const { folder, result } = await run({ settings: { seed: 1 } });
  const [other, started, both] = [
    await run({ settings: { seed: 2 } }),
    await run({ settings: { seed: 2 }, from: { folder } }),
    await run({ settings: { seed: 2 }, from: { folder, parts: ["model", "optimizer"] } }),
  ];
  expect(other.result.first).not.toBe(result.last);
  expect([started.result.first, both.result.first]).toEqual([result.last, result.last]);
  expect([other, started, both].map((one) => one.result.updates)).toEqual([2, 2, 4]);
  expect(printed.some((line) => /^starting from the model of .*, step 2$/.test(line))).toBe(true);
});

test("the record and the report of a run say where it started from, back to the first one", async () => {
  const one = await run({ settings: { steps: 1 } });
  const two = await run({ settings: { steps: 3 }, from: { folder: one.folder } });
  const three = await run({ from: { folder: two.folder, parts: ["model", "random"] } });
  const { sha256 } = readFrom(one.folder, "checkpoint.json");
  const first = { folder: resolve(one.folder), parts: ["model"], step: 1, sha256 };
  const second = readFrom(three.folder, "run.json")["from"];
  expect(second).toMatchObject({ folder: resolve(two.folder), parts: ["model", "random"], step: 3, from: first });
  expect(readFrom(one.folder, "run.json")).not.toHaveProperty("from");
  const page = readFileSync(join(three.folder, "report.html"), "utf8");
  expect(page.indexOf(`${resolve(two.folder)} (model, random)`)).toBeGreaterThan(page.indexOf("Ancestry"));
  expect(page.indexOf(`${resolve(one.folder)} (model)`)).toBeGreaterThan(page.indexOf(resolve(two.folder)));
  expect(readFileSync(join(one.folder, "report.html"), "utf8")).not.toContain("Ancestry");
});

test("a run that was stopped before its first checkpoint starts from the same one again", async () => {
  const { folder: origin, result } = await run({ settings: { seed: 1 } });
  const folder = join(newFolder(), "stopped");
  const failing = { ...tiny, run: () => Promise.reject(new Error("broken off")) };
  await expect(runExperiment(failing, { folder, from: { folder: origin } })).rejects.toThrow("broken off");
  await expect(runExperiment(tiny, { folder, from: { folder: (await run({})).folder } })).rejects.toThrow(
    /holds a run that started from model of \S+, not from model of/,
  );
  expect((await runExperiment(tiny, { folder })).result.first).toBe(result.last);
});

test("a run does not start again from another checkpoint than before", async () => {
  const place = newFolder();
  const origin = (await runExperiment(tiny, { folder: join(place, "origin") })).folder;
  const folder = join(place, "stopped");
  const failing = { ...tiny, run: () => Promise.reject(new Error("broken off")) };
  await expect(runExperiment(failing, { folder, from: { folder: origin } })).rejects.toThrow("broken off");
  rmSync(origin, { recursive: true });
  await runExperiment(tiny, { folder: origin, settings: { seed: 5 } });
  await expect(runExperiment(tiny, { folder })).rejects.toThrow(RunError);
});

test("a run that has saved something goes on without its origin", async () => {
  const { folder: origin } = await run({});
  const { folder } = await run({ from: { folder: origin } });
  rmSync(origin, { recursive: true });
  expect((await runExperiment(tiny, { folder, steps: 3 })).result.updates).toBe(3);
});

test("a run can start from the checkpoint of a step that was kept", async () => {
  const { folder, result } = await run({});
  expect((await run({ from: { folder, step: 2 } })).result.first).toBe(result.last);
  await expect(run({ from: { folder, step: 1 } })).rejects.toThrow(/has no checkpoint of step 1\n {2}.* of steps 2$/);
});

test("what is not there or does not fit is an error", async () => {
  const { folder } = await run({});
  const empty = newFolder();
  await expect(run({ from: { folder: empty } })).rejects.toThrow(CheckpointError);
  await expect(run({ from: { folder, parts: [] } })).rejects.toThrow(UsageError);
  await expect(run({ from: { folder, parts: ["modle"] } })).rejects.toThrow(
    /has no modle\n {2}it holds model, optimizer, random, files/,
  );
  await expect(run({ settings: { alone: true }, from: { folder, parts: ["optimizer"] } })).rejects.toThrow(
    /no part "optimizer" to start from\n {2}its parts are model, random/,
  );
  await expect(run({ from: { folder, parts: ["files"] } })).rejects.toThrow(/no part "files"/);
  await expect(run({ settings: { inputs: 3 }, from: { folder } })).rejects.toThrow(StateError);
});
