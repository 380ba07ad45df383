/**
 * What does an efficient attention cost a small language model in quality?
 *
 * Local windows: Beltagy et al. 2020, arXiv:2004.05150. Sinks: Xiao et al. 2023, arXiv:2309.17453. Performer:
 * Choromanski et al. 2020, arXiv:2009.14794. Linear attention: Katharopoulos et al. 2020, arXiv:2006.16236. Recurrences
 * instead: Dao & Gu 2024, arXiv:2405.21060; Yang, Kautz & Hatamizadeh 2024, arXiv:2412.06464. The recipe is that of
 * experiments/language-model, at equal width and steps, each arm with the learning rate that suits it best.
 */
import { compile, grad, Optimizer } from "@ansatz/core";
import { CharacterTokenizer, mobyDick, type TokenBatch, TokenWindows } from "@ansatz/data";
import { evaluation, experiment } from "@ansatz/lab";
import { crossEntropy, TransformerLM } from "@ansatz/nn";
import { redrawFeatures } from "@ansatz/nn-attention";
import { adamw, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { attentionOf, attentions } from "./attentions.ts";

export default experiment({
  question: "What does an efficient attention cost a small language model in quality?",
  paper:
    "Beltagy et al. 2020, arXiv:2004.05150; Xiao et al. 2023, arXiv:2309.17453; Choromanski et al. 2020, " +
    "arXiv:2009.14794; Katharopoulos et al. 2020, arXiv:2006.16236; Dao & Gu 2024, arXiv:2405.21060; Yang, Kautz & " +
    "Hatamizadeh 2024, arXiv:2412.06464",
  settings: {
    attention: { default: "exact", description: "of each block", choices: attentions },
    window: { default: 16, description: "of local attention", unit: "characters", whole: true, least: 1 },
    sinks: { default: 0, description: "first positions that stay in sight of it", whole: true, least: 0 },
    features: { default: 32, description: "random features of each head of Performer", whole: true, least: 1 },
    state: { default: 16, description: "the size of Mamba-2's state for each value", whole: true, least: 1 },
    redrawEvery: { default: 250, description: "steps until they are drawn again", whole: true, least: 1 },
    learningRate: { default: 4e-3, description: "its peak, after the warm-up", least: 0 },
    warmupSteps: { default: 100, description: "steps of linear warm-up", whole: true, least: 0 },
    steps: { default: 1_500, description: "updates", whole: true, least: 1 },
    width: { default: 64, description: "features of each position", whole: true, least: 1 },
    layers: { default: 2, description: "Transformer blocks", whole: true, least: 1 },
    heads: { default: 4, description: "attention heads; they must divide the width", whole: true, least: 1 },
    context: { default: 128, description: "the length of each sequence", unit: "characters", whole: true, least: 2 },
    batch: { default: 12, description: "sequences a step", whole: true, least: 1 },
    validationBatches: { default: 40, description: "batches to validate on", whole: true, least: 1 },
  },
  quick: { steps: 30, warmupSteps: 5, width: 16, layers: 1, heads: 2, context: 32, window: 8, validationBatches: 2 },
  baselines: {
    local: { attention: "local" },
    sinks: { attention: "local", sinks: 4 },
    performer: { attention: "performer" },
    linear: { attention: "linear" },
    mamba2: { attention: "mamba2" },
    gatedDeltaNet: { attention: "gatedDeltaNet" },
  },
  tune: { setting: "learningRate", values: [4e-3, 8e-3, 1.6e-2], lowest: "validationLoss" },

  async run({ settings, random, steps, log }) {
    const { context, batch, width, layers, heads, learningRate, warmupSteps } = settings;
    const text = mobyDick();
    const tokenizer = new CharacterTokenizer(text);
    const [training, validation] = TokenWindows.split(tokenizer.encode(text), context, 0.9);
    const order = random.next(); // which windows each step reads
    const { vocabularySize } = tokenizer;
    const attention = attentionOf(settings);
    const model = new TransformerLM({ vocabularySize, width, layers, heads, context, attention, random });
    const decay = cosine(learningRate, Math.max(1, settings.steps - warmupSteps), { floor: 0.1 * learningRate });
    const optimizer = new Optimizer(model, adamw, {
      learningRate: warmup(warmupSteps, decay),
      beta2: 0.95,
      weightDecay: 0.1,
      groups: [{ where: (_name, { shape }) => shape.length < 2, weightDecay: 0 }],
    });

    const train = compile(({ input, target }: TokenBatch) => {
      const loss = crossEntropy(model.forward(input), target);
      optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
      return loss;
    });
    for await (const step of steps(settings.steps, { model, optimizer })) {
      if (settings.attention === "performer" && step > 1 && (step - 1) % settings.redrawEvery === 0)
        redrawFeatures(model);
      await log({ loss: await train(training.random(order, step, batch)) });
    }

    const { validationLoss } = await evaluation(model, ({ input, target }: TokenBatch) => ({
      validationLoss: crossEntropy(model.forward(input), target),
    }))(validation.inOrder(batch), { most: settings.validationBatches });
    return { validationLoss };
  },

  claims: [
    {
      claim: "a window of an eighth of the context loses less than 0.05 nats",
      value: (result, { local }) => local!.validationLoss - result.validationLoss,
      lessThan: 0.05,
      paper: "Beltagy et al. 2020, Section 4",
    },
    {
      claim: "sinks change nothing for a model that is trained with its window, within 0.03 nats",
      value: (_result, { local, sinks }) => sinks!.validationLoss - local!.validationLoss,
      atLeast: -0.03,
      atMost: 0.03,
    },
    {
      claim: "Performer is within 0.1 nats of exact attention",
      value: (result, { performer }) => performer!.validationLoss - result.validationLoss,
      atLeast: -0.1,
      atMost: 0.1,
      paper: "Choromanski et al. 2020, Section 4",
    },
    {
      claim: "linear attention loses against exact attention, in nats",
      value: (result, { linear }) => linear!.validationLoss - result.validationLoss,
      moreThan: 0,
      paper: "Katharopoulos et al. 2020, Section 4.2.1: in bits per dimension of images of digits, 0.644 − 0.621",
    },
    {
      claim: "Mamba-2 is not behind exact attention",
      value: (result, { mamba2 }) => mamba2!.validationLoss - result.validationLoss,
      atMost: 0,
      paper: "Dao & Gu 2024, Section 9.2",
    },
    {
      claim: "nor is the gated delta rule behind Mamba-2",
      value: (_result, { mamba2, gatedDeltaNet }) => gatedDeltaNet!.validationLoss - mamba2!.validationLoss,
      atMost: 0,
      paper: "Yang, Kautz & Hatamizadeh 2024, Section 4",
    },
  ],
});
