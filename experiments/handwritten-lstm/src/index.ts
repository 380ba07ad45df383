/**
 * Do gradients that are written out by hand train an LSTM as those of `grad` do?
 *
 * Hochreiter & Schmidhuber 1997, with the forget gates of Gers, Schmidhuber & Cummins 2000. The layer (lstm.ts), its
 * gradients beside their equations (backward.ts) and gradient descent (below) are written by hand, in float64, so that
 * rounding does not hide a mistake.
 */
import { compile, grad, mul, sub, type Tensor } from "@ansatz/core";
import type { TokenBatch } from "@ansatz/data";
import { evaluation, experiment } from "@ansatz/lab";
import { clipByGlobalNorm } from "@ansatz/optim";
import { backward } from "./backward.ts";
import { gradientError } from "./gradient-error.ts";
import { LSTMLanguageModel } from "./lstm.ts";
import { readText } from "./text.ts";

export default experiment({
  question: "Do gradients that are written out by hand train an LSTM as those of `grad` do?",
  paper: "Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000",
  backend: "cpu",
  settings: {
    gradients: { default: "by-hand", description: "where the gradients come from", choices: ["by-hand", "grad"] },
    hidden: { default: 24, description: "features of the LSTM", whole: true, least: 1 },
    context: { default: 16, description: "the length of each sequence", unit: "characters", whole: true, least: 1 },
    batch: { default: 8, description: "sequences a step", whole: true, least: 1 },
    learningRate: { default: 4, description: "of gradient descent", least: 0 },
    clip: { default: 1, description: "the largest global norm of the gradients", least: 1e-6 },
    steps: { default: 400, description: "updates", whole: true, least: 1 },
    validationBatches: { default: 20, description: "batches to validate on", whole: true, least: 1 },
  },
  quick: { hidden: 8, context: 6, batch: 4, steps: 40, validationBatches: 2 },
  baselines: { grad: { gradients: "grad" } },

  async run({ settings, random, steps, log }) {
    const { batch, context, learningRate, clip } = settings;
    const text = readText(context);
    const order = random.next(); // which windows each step reads
    const model = new LSTMLanguageModel(text.characters, settings.hidden, random);
    const { W, U, b, V, d } = model;
    const check = text.training.random(order, 0, batch);
    /** How many digits agree with those of `grad`. */
    const digits = async () =>
      -Math.log10(Math.max(Number.EPSILON / 2, await gradientError(model, check.input, check.target).item()));
    const digitsBefore = await digits();

    const train = compile((input: Tensor, target: Tensor) => {
      const { loss, steps } = model.forward(input, target);
      const gradients = clipByGlobalNorm(
        settings.gradients === "grad" ? grad(loss, { W, U, b, V, d }) : backward(model, steps),
        clip,
      );
      for (const name of ["W", "U", "b", "V", "d"] as const)
        model[name].assign(sub(model[name], mul(learningRate, gradients[name]))); // θ ← θ − η g
      return loss;
    });
    for await (const step of steps(settings.steps, { model })) {
      const { input, target } = text.training.random(order, step, batch);
      await log({ loss: await train(input, target) });
    }

    const evaluate = evaluation(model, ({ input, target }: TokenBatch) => ({
      validationLoss: model.forward(input, target).loss,
    }));
    const { validationLoss } = await evaluate(text.validation.inOrder(batch), { most: settings.validationBatches });
    const { frequencyLoss } = text;
    return { digitsBefore, digitsAfter: await digits(), validationLoss, frequencyLoss, weights: await sumOf(model) };
  },

  claims: [
    {
      claim: "before training, the gradients are those of grad to six digits",
      value: (result) => result.digitsBefore,
      atLeast: 6,
    },
    { claim: "after training, too", value: (result) => result.digitsAfter, atLeast: 6 },
    {
      claim: "training by hand and by grad end with the same weights: a weighted sum of them",
      value: (result, { grad }) => Math.abs(result.weights - grad!.weights),
      atMost: 1e-6,
    },
    {
      claim: "it learns more than how often each character occurs",
      value: (result) => result.frequencyLoss - result.validationLoss,
      atLeast: 0.3,
    },
  ],
});

/** A sum of all weights, each with another factor. Rounding alone makes it differ after other operations. */
async function sumOf(model: LSTMLanguageModel): Promise<number> {
  let [total, place] = [0, 0];
  for (const weight of model.parameters()) for (const value of await weight.data()) total += Math.cos(place++) * value;
  return total;
}
