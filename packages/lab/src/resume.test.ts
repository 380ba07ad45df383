import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { grad, Module, Optimizer, realize, StateError, tensor, use, type Tensor } from "@ansatz/core";
import { Dropout, Linear, meanSquaredError } from "@ansatz/nn";
import { adamw, sgd } from "@ansatz/optim";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CheckpointError, hasCheckpoint, loadCheckpoint, saveCheckpoint } from "./index.ts";

let folder: string;
beforeAll(() => use(cpu()));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "checkpoint-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A model with dropout: its training depends on its weights, its optimizer's moments and its random stream. */
class Model extends Module {
  readonly hidden: Linear;
  readonly dropout = new Dropout(0.5, { random: 3 });
  readonly output: Linear;

  constructor(width = 4) {
    super();
    this.hidden = new Linear(2, width, { random: 1 });
    this.output = new Linear(width, 1, { random: 2 });
  }

  forward(x: Tensor): Tensor {
    // [..., 2] -> [..., 1]
    return this.output.forward(this.dropout.forward(this.hidden.forward(x)));
  }
}

function build(width?: number) {
  const model = new Model(width);
  return { model, optimizer: new Optimizer(model, adamw, { learningRate: 0.1 }) };
}

async function train({ model, optimizer }: ReturnType<typeof build>, steps: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const loss = meanSquaredError(
      model.forward(
        tensor([
          [1, 2],
          [3, -1],
        ]),
      ),
      tensor([[1], [0]]),
    );
    optimizer.update(grad(loss, model.parameters()));
    await realize(loss);
    losses.push(await loss.item());
  }
  return losses;
}

/** Weights, moments and streams. */
async function everything({ model, optimizer }: ReturnType<typeof build>): Promise<unknown> {
  return { weights: await model.stateDict(), optimizer: await optimizer.stateDict(), random: model.randomState() };
}

describe("a checkpoint", () => {
  test("restores everything: training resumes with the same bits", async () => {
    const first = build();
    await train(first, 3);
    expect(hasCheckpoint(folder)).toBe(false);
    await saveCheckpoint(folder, first.optimizer.step, { model: first.model, optimizer: first.optimizer });
    expect(hasCheckpoint(folder)).toBe(true);
    const expected = await train(first, 3);
    const second = build();
    expect(await loadCheckpoint(folder, { model: second.model, optimizer: second.optimizer })).toBe(3);
    expect(await train(second, 3)).toEqual(expected);
    expect(await everything(second)).toEqual(await everything(first));
  });

  test("is replaced by the next one, and no files accumulate", async () => {
    const trained = build();
    for (let i = 0; i < 3; i++) {
      await train(trained, 1);
      await saveCheckpoint(folder, trained.optimizer.step, { model: trained.model, optimizer: trained.optimizer });
    }
    expect(readdirSync(folder).toSorted()).toEqual(["checkpoint.json", "step-3.safetensors"]);
  });

  test("that is damaged is refused, and changes nothing", async () => {
    const trained = build();
    await train(trained, 1);
    await saveCheckpoint(folder, trained.optimizer.step, { model: trained.model, optimizer: trained.optimizer });
    const path = join(folder, "step-1.safetensors");
    const bytes = readFileSync(path);
    const fresh = build();
    const before = await everything(fresh);
    const damage: (() => void)[] = [
      () =>
        writeFileSync(
          path,
          bytes.map((byte, i) => (i === bytes.length - 3 ? byte ^ 1 : byte)),
        ),
      () => truncateSync(path, bytes.length - 1),
      () => writeFileSync(path, Buffer.concat([bytes, Buffer.of(0)])),
      () => rmSync(path),
    ];
    for (const spoil of damage) {
      writeFileSync(path, bytes);
      spoil();
      await expect(loadCheckpoint(folder, { model: fresh.model, optimizer: fresh.optimizer })).rejects.toThrow(
        CheckpointError,
      );
      await expect(loadCheckpoint(folder, { model: fresh.model, optimizer: fresh.optimizer })).rejects.toThrow(path);
    }
    expect(await everything(fresh)).toEqual(before);
  });

  test.each([
    "{",
    "null",
    "[]",
    '{"version":"2"}',
    '{"version":2,"file":"../elsewhere","sha256":"","step":1,"parts":{}}',
    '{"version":2,"file":"x","sha256":"","step":1,"parts":null}',
  ])("with the manifest %s is refused", async (manifest) => {
    const { model, optimizer } = build();
    writeFileSync(join(folder, "checkpoint.json"), manifest);
    await expect(loadCheckpoint(folder, { model, optimizer })).rejects.toThrow(CheckpointError);
  });

  test("that is missing gives an error that names the file", async () => {
    const { model, optimizer } = build();
    await expect(loadCheckpoint(folder, { model, optimizer })).rejects.toThrow(join(folder, "checkpoint.json"));
  });

  test("of another model is refused with every entry that differs, and changes nothing", async () => {
    const trained = build();
    await train(trained, 1);
    await saveCheckpoint(folder, trained.optimizer.step, { model: trained.model, optimizer: trained.optimizer });
    const wider = build(5);
    const before = await everything(wider);
    const refused = loadCheckpoint(folder, { model: wider.model, optimizer: wider.optimizer });
    await expect(refused).rejects.toThrow(StateError);
    await expect(refused).rejects.toThrow(/hidden\.weight[^]*hidden\.bias[^]*output\.weight/);
    expect(await everything(wider)).toEqual(before);
  });

  test("of another rule is refused", async () => {
    const trained = build();
    await train(trained, 1);
    await saveCheckpoint(folder, trained.optimizer.step, { model: trained.model, optimizer: trained.optimizer });
    const model = new Model();
    await expect(
      loadCheckpoint(folder, { model, optimizer: new Optimizer(model, sgd, { learningRate: 0.1 }) }),
    ).rejects.toThrow(/adamw[^]*sgd/);
  });

  test("stays whole when the next one cannot be written", async () => {
    const trained = build();
    await train(trained, 1);
    await saveCheckpoint(folder, trained.optimizer.step, { model: trained.model, optimizer: trained.optimizer });
    const saved = await everything(trained);
    await train(trained, 1);
    // Values that cannot be written simulate a full disk: the writer fails half-way.
    const broken = { ...(await trained.model.stateDict()) };
    const failing = Object.assign(Object.create(trained.model) as Model, {
      stateDict: () => Promise.resolve({ ...broken, "hidden.bias": { ...broken["hidden.bias"]!, data: undefined } }),
      randomState: () => trained.model.randomState(),
    });
    await expect(
      saveCheckpoint(folder, trained.optimizer.step, { model: failing, optimizer: trained.optimizer }),
    ).rejects.toThrow(TypeError);
    const resumed = build();
    expect(await loadCheckpoint(folder, { model: resumed.model, optimizer: resumed.optimizer })).toBe(1);
    expect(await everything(resumed)).toEqual(saved);
  });
});
