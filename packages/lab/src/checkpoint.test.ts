import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Module, Optimizer, parameter, RandomStream, tensor, updateRule, type Backend, type BackendBuffer, type TypedArray, use } from "@ansatz/core";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { CheckpointError, hasCheckpoint, loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";

let folder = "";
beforeAll(() => use(memoryOnly));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "checkpoint-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Checkpoints move values and compute nothing: all they need of a backend is to hold buffers. */
const memoryOnly: Backend = {
  spec: 1,
  name: "memory",
  dtypes: ["float32"],
  supports: () => false,
  compile: () => Promise.reject(new Error("nothing is computed here")),
  upload: (data, shape, dtype): BackendBuffer & { data: TypedArray } => ({ backend: "memory", data, shape, dtype }),
  download: (buffer) => Promise.resolve((buffer as BackendBuffer & { data: TypedArray }).data.slice()),
  free: () => undefined,
  memory: () => ({ buffers: 0, bytes: 0 }),
  dispose: () => undefined,
};

class Model extends Module {
  readonly weight;
  readonly random = new RandomStream(7);

  constructor(values: readonly number[]) {
    super();
    this.weight = parameter(tensor([...values]));
  }
}

const rule = updateRule({ name: "still", spec: 1, hyper: {}, state: () => ({}), update: ({ θ }) => ({ θ }) });
const optimizerOf = (model: Model): Optimizer<typeof rule> => new Optimizer(model, rule, { learningRate: 1 });

function at(step: number, values: readonly number[]): { model: Model; optimizer: Optimizer<typeof rule> } {
  const model = new Model(values);
  const optimizer = optimizerOf(model);
  optimizer.loadStateDict({ rule: "still", step, state: {} });
  return { model, optimizer };
}

test("what is saved is loaded: values, step and random streams", async () => {
  expect(hasCheckpoint(folder)).toBe(false);
  const { model, optimizer } = at(5, [1, 2]);
  model.random.next();
  await saveCheckpoint(folder, model, optimizer);
  expect(hasCheckpoint(folder)).toBe(true);
  const other = at(0, [0, 0]);
  expect(await loadCheckpoint(folder, other.model, other.optimizer)).toBe(5);
  expect(other.optimizer.step).toBe(5);
  expect((await other.model.stateDict())["weight"]?.data).toEqual(Float32Array.of(1, 2));
  expect(other.model.random.next().words()).toEqual(model.random.next().words());
});

test("the last one replaces the one before, and nothing else stays", async () => {
  for (const step of [5, 40]) {
    const { model, optimizer } = at(step, [step, step]);
    await saveCheckpoint(folder, model, optimizer);
  }
  expect((await readdir(folder)).toSorted()).toEqual(["checkpoint.json", "step-40.safetensors"]);
});

test("a save that stops half-way leaves the one before", async () => {
  const { model, optimizer } = at(1, [1, 2]);
  await saveCheckpoint(folder, model, optimizer);
  await writeFile(join(folder, "step-2.safetensors"), "half");
  const other = at(0, [0, 0]);
  expect(await loadCheckpoint(folder, other.model, other.optimizer)).toBe(1);
});

test("damage is told from a model that does not fit, and neither changes anything", async () => {
  const { model, optimizer } = at(1, [1, 2]);
  const fresh = at(0, [0, 0]);
  const load = (): Promise<number> => loadCheckpoint(folder, fresh.model, fresh.optimizer);
  await expect(load()).rejects.toThrow(/is this the folder of a run that has saved/);
  await saveCheckpoint(folder, model, optimizer);
  const wider = at(0, [0, 0, 0]);
  await expect(loadCheckpoint(folder, wider.model, wider.optimizer)).rejects.toThrow(/weight/);
  expect(wider.optimizer.step).toBe(0);
  const momentum = updateRule({ name: "momentum", spec: 1, hyper: {}, state: (θ) => ({ m: θ }), update: ({ θ, m }) => ({ θ, m }) });
  await expect(loadCheckpoint(folder, fresh.model, new Optimizer(fresh.model, momentum, { learningRate: 1 }))).rejects.toThrow(/still/);
  expect((await fresh.model.stateDict())["weight"]?.data).toEqual(Float32Array.of(0, 0));

  const manifest = join(folder, "checkpoint.json");
  const good = await readFile(manifest, "utf8");
  await writeFile(manifest, good.replace("step-1.safetensors", "../step-1.safetensors"));
  await expect(load()).rejects.toThrow(/damaged: an entry/);
  await writeFile(manifest, "{");
  await expect(load()).rejects.toThrow(CheckpointError);
  await writeFile(manifest, good);
  await truncate(join(folder, "step-1.safetensors"), 20);
  await expect(load()).rejects.toThrow(/damaged: its checksum/);
  await rm(join(folder, "step-1.safetensors"));
  await expect(load()).rejects.toThrow(/is missing/);
  expect((await fresh.model.stateDict())["weight"]?.data).toEqual(Float32Array.of(0, 0));
});
