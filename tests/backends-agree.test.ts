/** The same seed gives the same random numbers and the same training on every backend that is installed. */
import {
  bernoulli,
  compile,
  grad,
  key,
  normal,
  Optimizer,
  permutation,
  randomBits,
  RandomStream,
  uniform,
  use,
  type Tensor,
} from "@ansatz/core";
import { CharacterTokenizer, mobyDick, TokenWindows } from "@ansatz/data";
import { crossEntropy, TransformerLM } from "@ansatz/nn";
import { adamw, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { describe, expect, test, type TestContext } from "vitest";
import { BrokenBackendError, createBackend } from "../packages/lab/src/backends/create-backend.ts";
import { installedBackends, type InstalledBackend } from "../packages/lab/src/backends/installed.ts";

const installed = installedBackends([import.meta.dirname]);
const reference = installed.find(({ name }) => name === "cpu")!;
const others = installed.filter((backend) => backend !== reference);
const full = process.env["ANSATZ_TEST_FULL"] !== undefined;

/** Uses a backend; where what it stands on is not on this machine, the test is skipped with the reason. */
async function useInstalled(installedBackend: InstalledBackend, skip: TestContext["skip"]): Promise<void> {
  const backend = await createBackend(installedBackend).catch((error: unknown) => {
    if (error instanceof BrokenBackendError) return skip(error.reason);
    throw error;
  });
  await use(backend);
}

interface Size {
  readonly width: number;
  readonly layers: number;
  readonly context: number;
  readonly batch: number;
}

/** The losses of 50 steps of the usual recipe, with dropout, so that they depend on draws at every step. */
async function train({ batch, ...size }: Size): Promise<number[]> {
  const text = mobyDick();
  const tokenizer = new CharacterTokenizer(text);
  const windows = new TokenWindows(tokenizer.encode(text), size.context);
  const model = new TransformerLM({
    ...size,
    vocabularySize: tokenizer.vocabularySize,
    heads: 4,
    dropout: 0.1,
    random: new RandomStream(1),
  });
  const optimizer = new Optimizer(model, adamw, {
    learningRate: warmup(10, cosine(2e-3, 40, { floor: 2e-4 })),
    beta2: 0.95,
    weightDecay: 0.1,
  });
  const step = compile((input: Tensor, target: Tensor) => {
    const loss = crossEntropy(model.forward(input), target);
    optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
    return loss;
  });
  const losses: number[] = [];
  for (let i = 0; i < 50; i++) {
    const { input, target } = windows.random(key(1), i, batch);
    losses.push(await (await step(input, target)).item());
  }
  return losses;
}

/** Losses by size, on the reference. */
const expected = new Map<Size, Promise<readonly number[]>>();

async function checkTraining(backend: InstalledBackend, size: Size, skip: TestContext["skip"]): Promise<void> {
  if (!expected.has(size)) {
    await use(await createBackend(reference));
    expected.set(size, train(size));
  }
  const wanted = await expected.get(size)!;
  await useInstalled(backend, skip);
  const losses = await train(size);
  expect(wanted.at(-1)!).toBeLessThan(wanted[0]! - 0.5);
  for (const [i, loss] of losses.entries()) expect(Math.abs(loss - wanted[i]!), `step ${i + 1}`).toBeLessThan(1e-3);
}

const small: Size = { width: 32, layers: 2, context: 24, batch: 6 };
const usual: Size = { width: 128, layers: 4, context: 64, batch: 12 };

describe.each(others)("$name and cpu", (backend) => {
  test("draw the same numbers", async ({ skip }) => {
    const draw = async () =>
      Promise.all(
        [
          randomBits(key(3), [50]),
          uniform(key(4), [50]),
          normal(key(5), [50]),
          bernoulli(key(6), 0.3, [50]),
          permutation(key(7), 50),
        ].map(async (drawn) => [...(await drawn.data())]),
      );
    await use(await createBackend(reference));
    const wanted = await draw();
    await useInstalled(backend, skip);
    expect(await draw()).toEqual(wanted);
  });

  test("train a small GPT alike", ({ skip }) => checkTraining(backend, small, skip));

  test.skipIf(!full)("train the GPT of 0.8 million parameters alike", { timeout: 900_000 }, ({ skip }) =>
    checkTraining(backend, usual, skip),
  );
});
