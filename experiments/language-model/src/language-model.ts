/**
 * How well does a small Transformer learn to write like Moby Dick?
 *
 * The tutorial's recipe (section 12): AdamW with betas 0.9 and 0.95, decay on matrices only, linear warm-up, cosine decay to a tenth,
 * clipping at a global norm of 1. Any part can be swapped: another rule, another model, another text.
 */
import { compile, grad, key, Optimizer, type Tensor } from "@ansatz/core";
import type { TokenBatch } from "@ansatz/data";
import { MetricsLog, Progress, saveCheckpoint, type Interrupt, type SettingsOf } from "@ansatz/lab";
import { crossEntropy, TransformerLM } from "@ansatz/nn";
import { adamw, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { lion } from "@ansatz/optim-lion";
import type { definition } from "./settings.ts";
import type { Text } from "./text.ts";

export type Settings = SettingsOf<typeof definition>;

/** The model and its optimizer, as the settings describe them. */
export function build(settings: Settings): { readonly model: TransformerLM; readonly optimizer: Optimizer } {
  const { learningRate, warmupSteps, steps, weightDecay, seed } = settings;
  const model = new TransformerLM({ ...settings, random: seed });
  const schedule = warmup(warmupSteps, cosine(learningRate, Math.max(1, steps - warmupSteps), { floor: 0.1 * learningRate }));
  const options = { learningRate: schedule, weightDecay, groups: [{ where: (_name: string, { shape }: { readonly shape: readonly number[] }) => shape.length < 2, weightDecay: 0 }] };
  const optimizer = settings.optimizer === "lion" ? new Optimizer(model, lion, options) : new Optimizer(model, adamw, { ...options, beta2: 0.95 });
  return { model, optimizer };
}

/** Trains from the optimizer's step on; returns whether it came to the end. */
export async function train(model: TransformerLM, optimizer: Optimizer, text: Text, settings: Settings, folder: string, interrupt: Pick<Interrupt, "requested">): Promise<boolean> {
  const { batch, steps, clip, seed, validationEvery, validationBatches, context } = settings;
  const step = compile((input: Tensor, target: Tensor) => {
    const loss = crossEntropy(model.forward(input), target);
    optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), clip));
    return loss;
  });
  const validate = validation(model, text);
  const metrics = new MetricsLog(folder);
  metrics.truncate(optimizer.step);
  const progress = new Progress(steps, { done: optimizer.step });
  let validationLoss = metrics.read().findLast((point) => point["validationLoss"] !== undefined)?.["validationLoss"] ?? NaN;
  while (optimizer.step < steps && !interrupt.requested) {
    const started = performance.now();
    const { input, target } = text.training.random(key(seed), optimizer.step, batch);
    const loss = await (await step(input, target)).item();
    const tokensPerSecond = (batch * context) / ((performance.now() - started) / 1000);
    const at = optimizer.step;
    if (at % validationEvery === 0) validationLoss = await validate(batch, validationBatches);
    metrics.append({ step: at, loss, tokensPerSecond, ...(at % validationEvery === 0 && { validationLoss }) });
    progress.update(at, { loss: loss.toFixed(3), validation: Number.isNaN(validationLoss) ? "-" : validationLoss.toFixed(3), "tokens/s": tokensPerSecond.toFixed(0) });
  }
  progress.end();
  await saveCheckpoint(folder, model, optimizer);
  return optimizer.step >= steps;
}

/** Measures the mean loss, in nats a token, over validation batches in order. */
export function validation(model: TransformerLM, text: Text): (batch: number, most: number) => Promise<number> {
  const lossOf = compile(({ input, target }: TokenBatch) => crossEntropy(model.forward(input), target));
  return async (batch, most) => {
    model.eval();
    let [total, count] = [0, 0];
    for (const tokens of text.validation.inOrder(batch)) {
      if (count === most) break;
      total += await (await lossOf({ ...tokens })).item();
      count++;
    }
    model.train();
    return total / count;
  };
}
