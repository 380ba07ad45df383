import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { AnsatzError, Optimizer, use } from "@ansatz/core";
import { loadCheckpoint, saveCheckpoint } from "@ansatz/lab";
import { adamw } from "@ansatz/optim";
import { afterAll, beforeAll, expect, test } from "vitest";
import { damaged, Draws, fileOf, forgeHeader, hostileNames, hostileSizes, partsOf } from "./damages.ts";
import { SmallModel, smallTraining } from "./small-model.ts";

const folder = mkdtempSync(join(tmpdir(), "corrupted-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const count = 5_000;
const names = ["checkpoint.json", "step-3.safetensors"] as const;
const files: Record<string, Buffer> = {};
beforeAll(async () => {
  await use(cpu());
  const { model, optimizer, step } = smallTraining({ compiled: true });
  for (let at = 0; at < 3; at++) await step(at);
  await saveCheckpoint(folder, optimizer.step, { model, optimizer });
  for (const name of names) files[name] = readFileSync(join(folder, name));
});

/** A model that is to take a checkpoint, and all that may change by it. */
function taker() {
  const model = new SmallModel();
  const optimizer = new Optimizer(model, adamw, { learningRate: 1e-3 });
  const state = async () => ({
    state: await model.stateDict(),
    random: model.randomState(),
    optimizer: await optimizer.stateDict(),
  });
  return { model, optimizer, state };
}

const restore = () => names.forEach((name) => writeFileSync(join(folder, name), files[name]!));
const sha256 = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");

test.runIf(process.env["ANSATZ_TEST_FULL"] !== undefined)(
  "5,000 corrupted checkpoints, every region of both files: a clear error each, and nothing is loaded in part",
  async () => {
    const { model, optimizer, state } = taker();
    const before = await state();
    const messages = new Map<string, number>();
    const began = performance.now();
    for (let i = 0; i < count; i++) {
      const name = names[i % 2]!;
      const { bad, what } = damaged(files[name]!, i >> 1, count / 2) ?? {};
      if (bad === undefined) continue; // cut at 0, or a blank that was blank
      writeFileSync(join(folder, name), bad);
      const error: unknown = await loadCheckpoint(folder, { model, optimizer }).then(
        (step) => new Error(`${name} with ${what} was loaded as step ${step}`),
        (thrown: unknown) => thrown,
      );
      writeFileSync(join(folder, name), files[name]!);
      if (!(error instanceof AnsatzError)) throw error;
      expect(error.message).toMatch(/checkpoint\.json|step-3\.safetensors/);
      expect(error.message).toMatch(/\n {2}\w/);
      const kind = error.message
        .replace(/^.*\/(\S+) /, "$1 ")
        .replace(/cannot be read.*/, "cannot be read")
        .split("\n")[0]!;
      messages.set(kind, (messages.get(kind) ?? 0) + 1);
      expect(optimizer.step).toBe(0);
      if (i % 100 < 2) expect(await state()).toEqual(before);
    }
    expect(await state()).toEqual(before);
    console.log([...messages].map(([kind, times]) => `${times} x ${kind}`).join("\n"));
    console.log(`in ${((performance.now() - began) / 1_000).toFixed(0)} s`);
    expect([...messages.values()].reduce((a, b) => a + b)).toBeGreaterThan(count * 0.98);
    expect(await loadCheckpoint(folder, { model, optimizer })).toBe(3);
  },
  600_000,
);

/** Replaces, removes or renames something anywhere in a JSON value. */
function forge(root: Record<string, unknown>, draws: Draws): string {
  let record: Record<string, unknown> = root;
  const path: string[] = [];
  for (;;) {
    const key = draws.of(Object.keys(record));
    path.push(key);
    const value = record[key];
    const inner = typeof value === "object" && value !== null && Object.keys(value).length > 0;
    if (inner && draws.below(4) > 0) {
      record = value as Record<string, unknown>;
      continue;
    }
    const deep = JSON.parse("[".repeat(300) + "]".repeat(300)) as unknown;
    const strange = JSON.parse('{ "__proto__": { "x": 1 }, "constructor": 3 }') as unknown;
    const tensor = { shape: [16], dtype: "float32", data: new Array(16).fill(1) };
    const values = [...hostileSizes, ...hostileNames, null, deep, strange, tensor, { $number: "x" }, { $number: {} }];
    const name = draws.of(hostileNames);
    const define = (to: string, what: unknown) =>
      Object.defineProperty(record, to, { value: what, enumerable: true, configurable: true, writable: true });
    const kind = Array.isArray(record) ? draws.of([1, 3]) : draws.below(4);
    if (kind === 0) {
      delete record[key];
      define(name, value);
    } else if (kind === 1) delete record[key];
    else if (kind === 2) define(name, draws.of(values));
    else define(key, draws.of(values));
    return `${path.join("/")}, ${kind}`;
  }
}

test.runIf(process.env["ANSATZ_TEST_FULL"] !== undefined)(
  "5,000 forged checkpoints, whose checksums are right: each a clear error that changes nothing, or just what they say",
  async () => {
    const kinds = { errors: 0, loads: 0 };
    const again = mkdtempSync(join(tmpdir(), "again-"));
    const began = performance.now();
    let { model, optimizer, state } = taker();
    const before = await state();
    for (let i = 0, done = 0; done < count; i++) {
      const draws = new Draws(i);
      const { checksum: _checksum, ...entries } = JSON.parse(files["checkpoint.json"]!.toString()) as Record<
        string,
        unknown
      >;
      const { header, data } = partsOf(files["step-3.safetensors"]!);
      let what = "the header";
      if (i % 2 === 0) forgeHeader(header, draws);
      else what = forge(entries, draws);
      const tensors = fileOf(header, data);
      if (entries["sha256"] === sha256(files["step-3.safetensors"]!)) entries["sha256"] = sha256(tensors);
      const manifest = JSON.stringify({ ...entries, checksum: sha256(JSON.stringify(entries)) }, null, 2) + "\n";
      if (sha256(manifest) === sha256(files["checkpoint.json"]!)) continue;
      done++;
      writeFileSync(join(folder, "step-3.safetensors"), tensors);
      writeFileSync(join(folder, "checkpoint.json"), manifest);
      const outcome: unknown = await loadCheckpoint(folder, { model, optimizer }).catch((error: unknown) => error);
      if (outcome instanceof Error) {
        if (!(outcome instanceof AnsatzError)) throw new Error(`${i}: ${what}`, { cause: outcome });
        expect(outcome.message, `${i}: ${what}`).toMatch(/\n {2}\S|^loadStateDict|^loadRandomState/);
        if (i % 20 < 2) expect(await state(), `${i}: ${what}`).toEqual(before);
        kinds.errors++;
      } else {
        // What was loaded is what the files say: saved again, it is the same.
        await saveCheckpoint(again, outcome as number, { model, optimizer });
        const saved = JSON.parse(readFileSync(join(again, "checkpoint.json"), "utf8")) as typeof entries;
        const { step, parts } = JSON.parse(manifest) as typeof entries;
        expect(outcome, `${i}: ${what}`).toBe(step);
        expect(parts, `${i}: ${what}`).toMatchObject(saved["parts"] as object); // what is unknown is left out
        const file = readdirSync(again).find((name) => name.endsWith(".safetensors"))!;
        delete header["__metadata__"]; // which a checkpoint does not have
        expect(partsOf(readFileSync(join(again, file))), `${i}: ${what}`).toEqual({ header, data });
        kinds.loads++;
        ({ model, optimizer, state } = taker());
      }
      expect(Object.keys(Object.prototype)).toEqual([]);
      expect(Object.hasOwn(Object.prototype, "x")).toBe(false);
    }
    restore();
    rmSync(again, { recursive: true });
    console.log(
      `${kinds.errors} errors and ${kinds.loads} right loads in ${((performance.now() - began) / 1_000).toFixed(0)} s`,
    );
    expect(kinds.errors).toBeGreaterThan(count / 2);
    expect(kinds.loads).toBeGreaterThan(10);
    expect(await loadCheckpoint(folder, { model, optimizer })).toBe(3);
  },
  600_000,
);
