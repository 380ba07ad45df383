import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { AnsatzError, Optimizer, use } from "@ansatz/core";
import { threefry2x32 } from "@ansatz/core/plugin";
import { loadCheckpoint, saveCheckpoint } from "@ansatz/lab";
import { adamw } from "@ansatz/optim";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SmallModel, smallTraining } from "./small-model.ts";

const folder = mkdtempSync(join(tmpdir(), "corrupted-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const files: Record<string, Buffer> = {};
beforeAll(async () => {
  await use(cpu());
  const { model, optimizer, step } = smallTraining({ compiled: true });
  for (let at = 0; at < 3; at++) await step(at);
  await saveCheckpoint(folder, optimizer.step, { model, optimizer });
  for (const name of ["checkpoint.json", "step-3.safetensors"]) files[name] = readFileSync(join(folder, name));
});

/**
 * Ways to damage bytes, each somewhere that `a` decides: change one, cut, repeat, drop one, put one in, swap two parts,
 * blank out a part.
 */
const damages: readonly ((good: Buffer, at: number, value: number) => Buffer)[] = [
  (good, at, value) =>
    Buffer.concat([good.subarray(0, at), Buffer.of(good[at]! ^ (1 + (value % 255))), good.subarray(at + 1)]),
  (good, at, value) =>
    Buffer.concat([good.subarray(0, at), Buffer.of(good[at]! ^ (1 << (value % 8))), good.subarray(at + 1)]),
  (good, at) => good.subarray(0, at),
  (good, at) => Buffer.concat([good, good.subarray(at)]),
  (good, at) => Buffer.concat([good.subarray(0, at), good.subarray(at + 1)]),
  (good, at, value) => Buffer.concat([good.subarray(0, at), Buffer.of(value & 255), good.subarray(at)]),
  (good, at) => Buffer.concat([good.subarray(at), good.subarray(0, at)]),
  (good, at) => Buffer.concat([good.subarray(0, at), Buffer.alloc(good.length - at)]),
];

test.runIf(process.env["ANSATZ_TEST_FULL"] !== undefined)(
  "2,000 corrupted checkpoints, every region of both files: a clear error each, and nothing is loaded in part",
  async () => {
    const model = new SmallModel();
    const optimizer = new Optimizer(model, adamw, { learningRate: 1e-3 });
    const before = {
      state: await model.stateDict(),
      random: model.randomState(),
      optimizer: await optimizer.stateDict(),
    };
    const count = 2_000;
    const messages = new Map<string, number>();
    for (let i = 0; i < count; i++) {
      const name = i % 2 === 0 ? "checkpoint.json" : "step-3.safetensors";
      const good = files[name]!;
      const damage = damages[(i >> 1) % damages.length]!;
      // Stratified: the i-th damage falls into the i-th part of the file, from its first byte to its last.
      const [shift, value] = threefry2x32(5, 6, i, 0);
      const part = good.length / (count / 2);
      const at = Math.min(good.length - 1, Math.floor((i >> 1) * part + (shift / 2 ** 32) * part));
      const bad = damage(good, at, value);
      if (bad.equals(good)) continue; // cut at 0, or a blank that was blank
      writeFileSync(join(folder, name), bad);
      const error: unknown = await loadCheckpoint(folder, { model, optimizer }).then(
        (step) => new Error(`${name} with damage ${(i >> 1) % damages.length} at ${at} was loaded as step ${step}`),
        (thrown: unknown) => thrown,
      );
      writeFileSync(join(folder, name), good);
      if (!(error instanceof AnsatzError)) throw error;
      expect(error.message).toMatch(/checkpoint\.json|step-3\.safetensors/);
      expect(error.message).toMatch(/\n {2}\w/);
      const kind = error.message
        .replace(/^.*\/(\S+) /, "$1 ")
        .replace(/cannot be read.*/, "cannot be read")
        .split("\n")[0]!;
      messages.set(kind, (messages.get(kind) ?? 0) + 1);
      expect(optimizer.step).toBe(0);
      if (i % 100 < 2)
        expect({
          state: await model.stateDict(),
          random: model.randomState(),
          optimizer: await optimizer.stateDict(),
        }).toEqual(before);
    }
    expect({
      state: await model.stateDict(),
      random: model.randomState(),
      optimizer: await optimizer.stateDict(),
    }).toEqual(before);
    console.log([...messages].map(([kind, times]) => `${times} x ${kind}`).join("\n"));
    expect([...messages.values()].reduce((a, b) => a + b)).toBeGreaterThan(count * 0.98);
    expect(await loadCheckpoint(folder, { model, optimizer })).toBe(3);
  },
  600_000,
);
