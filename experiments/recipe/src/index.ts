/**
 * Does the minimal recipe of the tutorials train a language model?
 *
 * Embedding and positions in a Transformer, cross-entropy, AdamW with weight decay, warm-up and cosine decay, clipping:
 * Vaswani et al. 2017, arXiv:1706.03762; Loshchilov & Hutter 2017, arXiv:1711.05101; Pascanu et al. 2013,
 * arXiv:1211.5063. The README replaces model, loss and rule, one line each.
 */
import { compile, grad, meanOverRanks, Optimizer, shareOfRank } from "@ansatz/core";
import type { TokenBatch } from "@ansatz/data";
import { evaluation, experiment, MetricsLog } from "@ansatz/lab";
import * as nn from "@ansatz/nn";
import * as optim from "@ansatz/optim";
import { readText } from "./text.ts";

export default experiment({
  question: "Does the minimal recipe of the tutorials train a language model?",
  paper: "Vaswani et al. 2017, arXiv:1706.03762; Pascanu et al. 2013, arXiv:1211.5063",
  settings: {
    vocabularySize: {
      default: 90,
      description: "90 reads characters, 50257 reads GPT-2's tokens",
      whole: true,
      least: 90,
      most: 50_257,
    },
    width: { default: 128, description: "features of each position", whole: true, least: 1 },
    layers: { default: 2, description: "Transformer blocks", whole: true, least: 1 },
    heads: { default: 4, description: "attention heads; they must divide the width", whole: true, least: 1 },
    context: { default: 64, description: "the longest sequence", unit: "tokens", whole: true, least: 2 },
    dropout: { default: 0.1, description: "probability of dropping a feature in training", least: 0, most: 0.99 },
    batch: { default: 12, description: "sequences a step", whole: true, least: 1 },
    steps: { default: 1_000, description: "updates", whole: true, least: 2 },
    learningRate: { default: 2e-3, description: "its peak, after the warm-up", least: 0 },
    warmupSteps: { default: 50, description: "steps of linear warm-up", whole: true, least: 0 },
    weightDecay: { default: 0.1, description: "decay of the weights", least: 0 },
    clip: { default: 1, description: "the largest global norm of the gradient", least: 1e-9 },
  },
  quick: { width: 16, layers: 1, heads: 2, context: 16, batch: 8, steps: 60, warmupSteps: 5 },
  baselines: { unclipped: { clip: 1e9 } },
  seeds: 5,
  dividesBatches: true,

  async run({ settings, random, folder, steps, log, interrupt, communicator }) {
    const { vocabularySize, context, batch, learningRate, warmupSteps, weightDecay, clip } = settings;
    const text = await readText(vocabularySize, context, batch);
    const order = random.next(); // which windows each step reads

    const model = new nn.TransformerLM({ ...settings, random });
    const schedule = optim.warmup(warmupSteps, optim.cosine(learningRate, Math.max(1, settings.steps - warmupSteps)));
    const optimizer = new Optimizer(model, optim.adamw, { learningRate: schedule, beta2: 0.95, weightDecay });
    const lossOf = ({ input, target }: TokenBatch) => nn.crossEntropy(model.forward(input), target);

    const train = compile((batch: TokenBatch) => {
      const own = lossOf(shareOfRank({ ...batch }, communicator));
      const { loss, gradients } = meanOverRanks({ loss: own, gradients: grad(own, model.parameters()) }, communicator);
      optimizer.update(optim.clipByGlobalNorm(gradients, clip));
      return { loss, gradientNorm: optim.globalNorm(gradients) };
    });
    for await (const step of steps(settings.steps, { model, optimizer }, { each: { tokens: batch * context } })) {
      await log({ ...(await train(text.training.random(order, step, batch))) });
    }

    const evaluate = evaluation(model, (batch: TokenBatch) => ({ validationLoss: lossOf(batch) }), { communicator });
    const beforeBatch = () => interrupt.check();
    const { validationLoss } = await evaluate(text.validation.inOrder(batch), { beforeBatch });
    const norms = new MetricsLog(folder).read().map(({ gradientNorm }) => gradientNorm!);
    const clippedShare = norms.filter((norm) => norm > clip).length / norms.length; // of the updates
    return { validationLoss, bigramLoss: text.bigramLoss, clippedShare };
  },

  claims: [
    {
      claim: "it learns more than which character follows which",
      value: (result) => result.bigramLoss - result.validationLoss,
      moreThan: 0,
    },
    {
      claim: "clipping costs at most 0.02 nats",
      value: (result, { unclipped }) => result.validationLoss - unclipped!.validationLoss,
      atMost: 0.02,
      paper: "Pascanu et al. 2013, Section 3.2",
    },
  ],
});
