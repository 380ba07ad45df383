import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AnsatzError,
  Module,
  Optimizer,
  parameter,
  RandomStream,
  seed,
  tensor,
  type TensorData,
  type TypedArray,
  use,
} from "@ansatz/core";
import { defaultStream, updateRule, type Backend, type BackendBuffer } from "@ansatz/core/plugin";
import { loadSafetensors, saveSafetensors, WriteError } from "@ansatz/data";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import {
  CheckpointError,
  goBackTo,
  hasCheckpoint,
  loadCheckpoint,
  loadParts,
  lowestCost,
  saveCheckpoint,
  type SaveOptions,
} from "./checkpoint.ts";
import type { State } from "./stateful.ts";

let folder = "";
beforeAll(() => use(memoryOnly));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "checkpoint-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Checkpoints compute nothing, so they need a backend only to hold buffers. */
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

test("values, step and random streams are saved and loaded", async () => {
  expect(hasCheckpoint(folder)).toBe(false);
  const { model, optimizer } = at(5, [1, 2]);
  model.random.next();
  await saveCheckpoint(folder, optimizer.step, { model, optimizer });
  expect(hasCheckpoint(folder)).toBe(true);
  const other = at(0, [0, 0]);
  expect(await loadCheckpoint(folder, { model: other.model, optimizer: other.optimizer })).toBe(5);
  expect(other.optimizer.step).toBe(5);
  expect((await other.model.stateDict())["weight"]?.data).toEqual(Float32Array.of(1, 2));
  expect(other.model.random.next().words()).toEqual(model.random.next().words());
});

test("a checkpoint replaces the previous one, and no other files stay", async () => {
  for (const step of [5, 40]) {
    const { model, optimizer } = at(step, [step, step]);
    await saveCheckpoint(folder, optimizer.step, { model, optimizer });
  }
  expect((await readdir(folder)).toSorted()).toEqual(["checkpoint.json", "step-40.safetensors"]);
});

/** Saves checkpoints of these steps, whose weights are the step. */
async function saveSteps(...steps: readonly (readonly [step: number, options?: SaveOptions])[]): Promise<void> {
  for (const [step, options] of steps) {
    const { model, optimizer } = at(step, [step, step]);
    await saveCheckpoint(folder, step, { model, optimizer }, options);
  }
}

async function loadWeight(): Promise<number> {
  const { model, optimizer } = at(0, [0, 0]);
  const step = await loadCheckpoint(folder, { model, optimizer });
  expect((await model.stateDict())["weight"]?.data).toEqual(Float32Array.of(step, step));
  return step;
}

test("the last few checkpoints are kept if that is asked for", async () => {
  await saveSteps(...[1, 2, 3, 4, 50].map((step) => [step, { keep: 3 }] as const));
  const files = ["checkpoint.json", "step-3.json", "step-3.safetensors", "step-4.json", "step-4.safetensors"];
  expect((await readdir(folder)).toSorted()).toEqual([...files, "step-50.safetensors"]);
  const { model } = at(0, [0, 0]);
  await loadParts(folder, { model }, 3);
  expect((await model.stateDict())["weight"]?.data).toEqual(Float32Array.of(3, 3));
  await expect(loadParts(folder, { model }, 2)).rejects.toThrow(/has no checkpoint of step 2\n {2}.* 50, 4, 3$/);
  await saveSteps([51]);
  expect((await readdir(folder)).toSorted()).toEqual(["checkpoint.json", "step-51.safetensors"]);
});

test("the one with the lowest cost is kept, too, until there is a lower one", async () => {
  await saveSteps([1, { cost: 3 }], [2, { cost: 1 }], [3, { cost: 2 }], [4]);
  const kept = ["checkpoint.json", "step-2.json", "step-2.safetensors", "step-4.safetensors"];
  expect((await readdir(folder)).toSorted()).toEqual(kept);
  expect(await lowestCost(folder)).toBe(1);
  await saveSteps([5, { cost: 1 }]);
  expect((await readdir(folder)).toSorted()).toEqual(["checkpoint.json", "step-5.safetensors"]);
  expect(await lowestCost(newFolderName())).toBe(Infinity);
});

const newFolderName = (): string => join(folder, "absent");

test.for(["tensors", "manifest"] as const)(
  "if the newest has damaged %s, the one before is offered, and can be made the newest",
  async (damaged) => {
    await saveSteps([1, { keep: 3 }], [2, { keep: 3 }], [3, { keep: 3 }]);
    if (damaged === "tensors") await truncate(join(folder, "step-3.safetensors"), 20);
    else await writeFile(join(folder, "checkpoint.json"), "{");
    await truncate(join(folder, "step-2.safetensors"), 20); // this one is damaged, too
    await expect(loadWeight()).rejects.toThrow(
      /is damaged: .*\n {2}use the checkpoint of step 1, which is whole: --checkpoint 1$/,
    );
    await expect(goBackTo(folder, 2)).rejects.toThrow(/step-2\.safetensors is damaged/);
    await expect(goBackTo(folder, 7)).rejects.toThrow(/has no checkpoint of step 7/);
    await goBackTo(folder, 1);
    expect(await loadWeight()).toBe(1);
    expect((await readdir(folder)).toSorted()).toEqual(["checkpoint.json", "step-1.safetensors"]);
  },
);

test("partial files of a killed process are removed by the next save", async () => {
  for (const name of [
    "step-3.safetensors",
    "step-4.safetensors.17.partial",
    "checkpoint.json.17.partial",
    "step-4.safetensors.copy",
  ])
    await writeFile(join(folder, name), "half");
  const { model, optimizer } = at(5, [1, 2]);
  await saveCheckpoint(folder, optimizer.step, { model, optimizer });
  expect((await readdir(folder)).toSorted()).toEqual([
    "checkpoint.json",
    "step-4.safetensors.copy",
    "step-5.safetensors",
  ]);
});

test("any part with a state is saved under its name, with its tensors and with numbers that JSON lacks", async () => {
  const part = (state: State) => ({
    state,
    stateDict: () => state,
    loadStateDict(loaded: State) {
      this.state = loaded;
    },
  });
  const weights = { shape: [2], dtype: "float32", data: Float32Array.of(1, NaN) } as const;
  const state: State = {
    "a/b~c": weights,
    list: [weights, { x: weights }, 3],
    best: Infinity,
    worst: -Infinity,
    zero: -0,
    none: null,
    flag: true,
    empty: {},
    text: "NaN",
  };
  const [from, to] = [part(state), part(null)];
  const [bare, other] = [part(weights), part(null)];
  await saveCheckpoint(folder, 7, { from, bare, stream: new RandomStream(3) });
  const stream = new RandomStream(4);
  expect(await loadCheckpoint(folder, { from: to, bare: other, stream })).toBe(7);
  expect(to.state).toEqual(state);
  expect(Object.is((to.state as { zero: number }).zero, -0)).toBe(true);
  expect(other.state).toEqual(weights);
  expect(stream.state).toEqual(new RandomStream(3).state);
});

test("the process-wide stream is saved; a checkpoint without its state leaves the stream as it is", async () => {
  seed(5);
  defaultStream().next();
  const saved = defaultStream().state;
  await saveCheckpoint(folder, 1, {});
  seed(6);
  await loadCheckpoint(folder, {});
  expect(defaultStream().state).toEqual(saved);

  const path = join(folder, "checkpoint.json");
  const {
    random,
    checksum: _checksum,
    ...entries
  } = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
  expect(random).toEqual(saved);
  const checksum = createHash("sha256").update(JSON.stringify(entries)).digest("hex");
  await writeFile(path, `${JSON.stringify({ ...entries, checksum }, null, 2)}\n`); // as earlier versions wrote it
  seed(6);
  const before = defaultStream().state;
  expect(await loadCheckpoint(folder, {})).toBe(1);
  expect(defaultStream().state).toEqual(before);
});

test("parts with other names are refused and listed; so are other versions of the format", async () => {
  const { model, optimizer } = at(1, [1, 2]);
  await saveCheckpoint(folder, 1, { model, optimizer });
  await expect(loadCheckpoint(folder, { model, teacher: model })).rejects.toThrow(
    /holds other parts\n {2}missing: teacher\n {2}extra: optimizer/,
  );
  await writeFile(
    join(folder, "checkpoint.json"),
    '{"version":1,"file":"step-1.safetensors","sha256":"","step":1,"rule":"still","randomState":{}}',
  );
  await expect(loadCheckpoint(folder, { model, optimizer })).rejects.toThrow(
    /has version 1 of the format, and this @ansatz\/lab reads version 2\n {2}resume with/,
  );
});

test("a save that stops half-way leaves the previous checkpoint intact", async () => {
  const { model, optimizer } = at(1, [1, 2]);
  await saveCheckpoint(folder, optimizer.step, { model, optimizer });
  await writeFile(join(folder, "step-2.safetensors"), "half");
  const other = at(0, [0, 0]);
  expect(await loadCheckpoint(folder, { model: other.model, optimizer: other.optimizer })).toBe(1);
});

test("a damaged checkpoint and a model that does not fit give different errors, and change nothing", async () => {
  const { model, optimizer } = at(1, [1, 2]);
  const fresh = at(0, [0, 0]);
  const load = (): Promise<number> => loadCheckpoint(folder, { model: fresh.model, optimizer: fresh.optimizer });
  await expect(load()).rejects.toThrow(/check that this is the folder of a run that has saved/);
  await saveCheckpoint(folder, optimizer.step, { model, optimizer });
  const wider = at(0, [0, 0, 0]);
  await expect(loadCheckpoint(folder, { model: wider.model, optimizer: wider.optimizer })).rejects.toThrow(/weight/);
  expect(wider.optimizer.step).toBe(0);
  const momentum = updateRule({
    name: "momentum",
    spec: 1,
    hyper: {},
    state: (θ) => ({ m: θ }),
    update: ({ θ, m }) => ({ θ, m }),
  });
  await expect(
    loadCheckpoint(folder, {
      model: fresh.model,
      optimizer: new Optimizer(fresh.model, momentum, { learningRate: 1 }),
    }),
  ).rejects.toThrow(/still/);
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

test("every changed byte of a manifest is detected, even if the result is valid", async () => {
  const { model, optimizer } = at(1, [1, 2]);
  await saveCheckpoint(folder, optimizer.step, { model, optimizer });
  const manifest = join(folder, "checkpoint.json");
  const good = await readFile(manifest, "utf8");
  for (const [from, to] of [
    ['"step": 1', '"step": 7'],
    ['"counter": 0', '"counter": 9'],
    ['  "version"', ' \t"version"'],
    ["\n}\n", "\n}"],
  ] as const) {
    expect(good).toContain(from);
    await writeFile(manifest, good.replace(from, to));
    const fresh = at(0, [0, 0]);
    await expect(loadCheckpoint(folder, { model: fresh.model, optimizer: fresh.optimizer })).rejects.toThrow(
      /checkpoint.json is damaged: its checksum/,
    );
    expect(fresh.optimizer.step).toBe(0);
  }
});

test("saving the same step twice never mixes the two", async () => {
  for (const values of [
    [1, 2],
    [3, 4],
    [5, 6],
  ]) {
    const { model, optimizer } = at(1, values);
    await saveCheckpoint(folder, optimizer.step, { model, optimizer });
    const fresh = at(0, [0, 0]);
    await loadCheckpoint(folder, { model: fresh.model, optimizer: fresh.optimizer });
    expect((await fresh.model.stateDict())["weight"]?.data).toEqual(Float32Array.from(values));
    expect(await readdir(folder)).toHaveLength(2);
  }
});

test("a damaged checkpoint does not prevent a new one", async () => {
  await writeFile(join(folder, "checkpoint.json"), "{");
  const { model, optimizer } = at(1, [1, 2]);
  await saveCheckpoint(folder, optimizer.step, { model, optimizer });
  expect(await loadCheckpoint(folder, { model, optimizer })).toBe(1);
});

/** Writes a checkpoint's files anew, with right checksums, as somebody may who wants more than to damage them. */
async function forge(
  change: (manifest: Record<string, unknown>, tensors: Record<string, TensorData>) => void,
): Promise<void> {
  const path = join(folder, "checkpoint.json");
  const { checksum: _checksum, ...entries } = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
  const file = join(folder, entries["file"] as string);
  const tensors = { ...(await loadSafetensors(file)).tensors };
  change(entries, tensors);
  await saveSafetensors(file, tensors);
  const digest = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");
  entries["sha256"] = digest(await readFile(file));
  const checksum = digest(JSON.stringify(entries));
  await writeFile(path, `${JSON.stringify({ ...entries, checksum }, null, 2)}\n`);
}

const forged: TensorData = { shape: [1], dtype: "float32", data: Float32Array.of(13) };

test.for([
  "model/__proto__/forged",
  "model/constructor/prototype/forged",
  "model/state/__proto__/forged",
  "model/random/toString/forged",
  "optimizer/rule/forged",
  "optimizer/step",
  "optimizer/state/a/b",
  "model/state/weight/data",
  "list/0/x/__proto__/forged",
  "list/length",
  "list/push",
  "list/3",
  "list/__proto__",
  "list/__proto__/forged",
  "list/__proto__/__proto__/forged",
  "__proto__/forged",
  "constructor/prototype/forged",
  "somebody/forged",
  "forged",
  "",
])("a tensor named %j has no place, and reaches no prototype", async (name) => {
  const list = { stateDict: () => [{ x: {} }, 1, forged], loadStateDict: () => undefined };
  const { model, optimizer } = at(1, [1, 2]);
  await saveCheckpoint(folder, 1, { model, optimizer, list });
  await forge((_manifest, tensors) => {
    tensors[name] = forged;
  });
  const fresh = at(0, [0, 0]);
  const loading = loadCheckpoint(folder, { model: fresh.model, optimizer: fresh.optimizer, list });
  await expect(loading).rejects.toThrow(CheckpointError);
  await expect(loading).rejects.toThrow(`step-1.safetensors holds the tensor "${name}", which has no place`);
  expect([({} as { forged?: unknown }).forged, ([] as { forged?: unknown }).forged]).toEqual([undefined, undefined]);
  expect((await fresh.model.stateDict())["weight"]?.data).toEqual(Float32Array.of(0, 0));
});

test("parts and records may have any name, and records have no prototype", async () => {
  const named = JSON.parse('{ "__proto__": { "constructor": 1 }, "toString": null }') as Record<string, State>;
  named["toString"] = forged;
  let loaded: State = null;
  const part = { stateDict: () => named, loadStateDict: (state: State) => void (loaded = state) };
  const bare = { stateDict: () => forged, loadStateDict: (state: State) => expect(state).toEqual(forged) };
  const parts = Object.fromEntries([
    ["__proto__", part],
    ["a", bare],
    ["a/b~c", bare],
  ]);
  await saveCheckpoint(folder, 1, parts);
  await loadCheckpoint(folder, parts);
  expect(Object.entries(loaded!)).toEqual([
    ["__proto__", expect.anything()],
    ["toString", forged],
  ]);
  expect(Object.getPrototypeOf(loaded)).toBe(null);
});

test("a forged state is refused with a clear error, and nothing is changed", async () => {
  const { model, optimizer } = at(1, [1, 2]);
  for (const [change, message] of [
    [{ model: null }, /"model\/state\/weight", which has no place/],
    [{ model: { state: {}, random: { random: { key: [1, 2, 3], counter: 0 } } } }, /not the state of a random stream/],
    [{ model: { state: {}, random: {} } }, /"random" is missing/],
    [{ model: { state: { weight: { shape: [2], dtype: "float32", data: [1, 2] } }, random: {} } }, /no place|missing/],
    [{ optimizer: { rule: "still", step: -1, state: {} } }, /the step is -1/],
    [{ optimizer: { rule: "still", step: 1 } }, /cannot take/],
    [{ optimizer: 3 }, /undefined/],
  ] as const) {
    await saveCheckpoint(folder, 1, { model, optimizer });
    await forge((manifest) => Object.assign(manifest["parts"] as object, change));
    const fresh = at(0, [0, 0]);
    const before = fresh.model.random.state;
    for (const parts of [fresh, { optimizer: fresh.optimizer, model: fresh.model }])
      await expect(loadCheckpoint(folder, parts)).rejects.toThrow(message);
    expect((await fresh.model.stateDict())["weight"]?.data).toEqual(Float32Array.of(0, 0));
    expect([fresh.model.random.state, fresh.optimizer.step]).toEqual([before, 0]);
  }
  await saveCheckpoint(folder, 1, { model });
  await forge((manifest) => Object.assign((manifest["parts"] as { model: object }).model, { random: {} }));
  const alone = at(0, [0, 0]).model;
  await expect(loadCheckpoint(folder, { model: alone })).rejects.toThrow(/"random" is missing/);
  expect((await alone.stateDict())["weight"]?.data).toEqual(Float32Array.of(0, 0));

  for (const [change, message] of [
    [{ random: { key: [1], counter: 0 } }, /not the state of a random stream/],
    [{ random: null }, /checkpoint\.json holds a state that a part cannot take/],
    [{ file: "" }, /checkpoint\.json is damaged: an entry/],
    [{ file: ".." }, /checkpoint\.json is damaged: an entry/],
    [{ file: "checkpoint.json" }, /checkpoint\.json is damaged: an entry/],
    [{ file: "step-7.safetensors" }, /step-7\.safetensors cannot be read: EISDIR/],
    [{ step: -1 }, /checkpoint\.json is damaged: an entry/],
    [{ step: 2 ** 53 }, /checkpoint\.json is damaged: an entry/],
  ] as const) {
    await saveCheckpoint(folder, 1, { model });
    await forge((manifest) => Object.assign(manifest, change));
    await mkdir(join(folder, "step-7.safetensors"), { recursive: true });
    const fresh = at(0, [0, 0]);
    const loading = loadCheckpoint(folder, { model: fresh.model });
    await expect(loading).rejects.toThrow(AnsatzError);
    await expect(loading).rejects.toThrow(message);
    expect((await fresh.model.stateDict())["weight"]?.data).toEqual(Float32Array.of(0, 0));
    await rm(join(folder, "step-7.safetensors"), { recursive: true });
  }
});

test("a record of the manifest that poses as a tensor is refused", async () => {
  let loaded: State = null;
  const part = { stateDict: () => ({ x: [1] }), loadStateDict: (state: State) => void (loaded = state) };
  for (const parts of [{ part: { x: [{ ...forged, data: [13] }] } }, { part: { ...forged, data: [13] } }]) {
    await saveCheckpoint(folder, 1, { part });
    await forge((manifest) => Object.assign(manifest, { parts }));
    await expect(loadCheckpoint(folder, { part })).rejects.toThrow(/the tensor "part", which has no place/);
  }
  expect(loaded).toBe(null);
});

test("a manifest that is nested too deep is refused", async () => {
  const { model } = at(1, [1, 2]);
  await saveCheckpoint(folder, 1, { model });
  const path = join(folder, "checkpoint.json");
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace('"parts": {', `"parts": { "deep": ${"[".repeat(1e5)}${"]".repeat(1e5)},`));
  await expect(loadCheckpoint(folder, { model })).rejects.toThrow(/checkpoint\.json is damaged: /);
});

test("a full device gives a clear error, and the previous checkpoint stays", async ({ skip }) => {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    skip("a small file system cannot be mounted here: that needs root on Linux");
  }
  try {
    const values = (start: number) => Array.from({ length: 2_000 }, (_, i) => start + i); // two pages of 4 KiB
    const first = at(1, values(0));
    await saveCheckpoint(folder, first.optimizer.step, { model: first.model, optimizer: first.optimizer });
    let refused = 0;
    for (const free of [0, 1, 2, 3, 4]) {
      await writeFile(join(folder, "other"), new Uint8Array((16 - 3 - free) * 4_096));
      const second = at(2, values(5));
      const attempt = saveCheckpoint(folder, second.optimizer.step, {
        model: second.model,
        optimizer: second.optimizer,
      });
      if (free < 3) {
        await expect(attempt).rejects.toThrow(WriteError);
        await expect(attempt).rejects.toThrow(/there is no space left on the device \(ENOSPC\)\n {2}free some space/);
        refused++;
        const loaded = at(0, values(9));
        expect(await loadCheckpoint(folder, { model: loaded.model, optimizer: loaded.optimizer })).toBe(1);
        expect((await loaded.model.stateDict())["weight"]?.data).toEqual(Float32Array.from(values(0)));
        expect((await readdir(folder)).toSorted()).toEqual(["checkpoint.json", "other", "step-1.safetensors"]);
      } else if (free === 4) {
        await attempt;
        expect(await loadCheckpoint(folder, { model: second.model, optimizer: second.optimizer })).toBe(2);
      } else await attempt.catch((error: unknown) => expect(error).toBeInstanceOf(WriteError));
      await rm(join(folder, "other"));
    }
    expect(refused).toBe(3);
  } finally {
    execFileSync("umount", [folder]);
  }
});
