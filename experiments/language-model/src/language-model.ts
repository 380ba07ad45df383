/**
 * How well does a small Transformer learn to write like Moby Dick?
 *
 * The tutorial's recipe (section 12): AdamW with betas 0.9 and 0.95, decay on matrices only, linear warm-up, cosine decay to a tenth,
 * clipping at a global norm of 1. Any part can be swapped: another rule, another model, another text.
 */
import { compile, grad, key, Optimizer, type Tensor } from "@ansatz/core";
import type { TokenBatch } from "@ansatz/data";
import { InterruptedError, MetricsLog, Progress, saveCheckpoint, type Interrupt, type SettingsOf } from "@ansatz/lab";
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

/**
 * Trains from the optimizer's step on, and saves: on the way, at the end, and where it is interrupted.
 *
 * @throws InterruptedError when it was asked to stop; everything is saved then
 */
export async function train(model: TransformerLM, optimizer: Optimizer, text: Text, settings: Settings, folder: string, interrupt: Pick<Interrupt, "check">): Promise<void> {
  const { batch, steps, clip, seed, validationEvery, validationBatches, saveEvery, context } = settings;
  const step = compile((input: Tensor, target: Tensor) => {
    const loss = crossEntropy(model.forward(input), target);
    optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), clip));
    return loss;
  });
  const validate = validation(model, text, interrupt);
  const metrics = new MetricsLog(folder);
  metrics.truncate(optimizer.step);
  const progress = new Progress(steps, { done: optimizer.step });
  let validated = metrics.read().findLast((point) => point["validationLoss"] !== undefined);
  let saved = optimizer.step;
  const save = async () => {
    await saveCheckpoint(folder, model, optimizer);
    saved = optimizer.step;
  };
  try {
    for (let at = optimizer.step; at < steps; at = optimizer.step) {
      interrupt.check();
      if (at > 0 && at % validationEvery === 0 && validated?.step !== at) {
        validated = { step: at, validationLoss: await validate(batch, validationBatches) };
        metrics.append(validated);
      }
      if (at % saveEvery === 0 && saved !== at) await save();
      const started = performance.now();
      const { input, target } = text.training.random(key(seed), at, batch);
      const loss = await (await step(input, target)).item();
      const tokensPerSecond = (batch * context) / ((performance.now() - started) / 1000);
      metrics.append({ step: optimizer.step, loss, tokensPerSecond });
      progress.update(optimizer.step, { loss: loss.toFixed(3), validation: validated?.["validationLoss"]?.toFixed(3) ?? "-", "tokens/s": tokensPerSecond.toFixed(0) });
    }
    progress.end();
    if (saved !== steps) await save();
  } catch (error) {
    progress.end();
    if (error instanceof InterruptedError) await save();
    throw error;
  }
}

/** Measures the mean loss, in nats a token, over validation batches in order. @throws InterruptedError when it was asked to stop */
export function validation(model: TransformerLM, text: Text, interrupt: Pick<Interrupt, "check">): (batch: number, most: number) => Promise<number> {
  const lossOf = compile(({ input, target }: TokenBatch) => crossEntropy(model.forward(input), target));
  return async (batch, most) => {
    model.eval();
    try {
      let [total, count] = [0, 0];
      for (const tokens of text.validation.inOrder(batch)) {
        if (count === most) break;
        interrupt.check();
        total += await (await lossOf({ ...tokens })).item();
        count++;
      }
      return total / count;
    } finally {
      model.train();
    }
  };
}
