/**
 * Which schedule of the learning rate teaches a small Transformer most?
 *
 * Warm-up: Goyal et al. 2017, arXiv:1706.02677; Xiong et al. 2020, arXiv:2002.04745. Cosine: Loshchilov & Hutter 2016,
 * arXiv:1608.03983. Linear decay: Defazio et al. 2023, arXiv:2310.07831. Cyclic rates: Smith 2015, arXiv:1506.01186.
 * The same model and data for each, and the peak that suits it best.
 */
import { compile, grad, Optimizer } from "@ansatz/core";
import { CharacterTokenizer, mobyDick, type TokenBatch, TokenWindows } from "@ansatz/data";
import { evaluation, experiment } from "@ansatz/lab";
import { crossEntropy, TransformerLM } from "@ansatz/nn";
import { adamw, clipByGlobalNorm } from "@ansatz/optim";
import { schedules } from "./schedules.ts";

export default experiment({
  question: "Which schedule of the learning rate teaches a small Transformer most?",
  paper:
    "Goyal et al. 2017, arXiv:1706.02677; Loshchilov & Hutter 2016, arXiv:1608.03983; Smith 2015, arXiv:1506.01186",
  settings: {
    schedule: {
      default: "cosine",
      description: "of the learning rate; cosine and linear begin with a warm-up",
      choices: Object.keys(schedules),
    },
    peak: { default: 8e-3, description: "the largest learning rate", least: 0 },
    floor: {
      default: 0.1,
      description: "the smallest learning rate after the warm-up, as a share of the peak",
      least: 0,
      most: 1,
    },
    warmupSteps: { default: 100, description: "steps of linear warm-up", whole: true, least: 0 },
    cycles: { default: 4, description: "how often a cyclic rate rises and falls", whole: true, least: 1 },
    steps: { default: 1_000, description: "updates", whole: true, least: 2 },
    width: { default: 64, description: "features of each position", whole: true, least: 1 },
    layers: { default: 2, description: "Transformer blocks", whole: true, least: 1 },
    heads: { default: 4, description: "attention heads; they must divide the width", whole: true, least: 1 },
    context: { default: 64, description: "the length of each sequence", unit: "characters", whole: true, least: 2 },
    batch: { default: 12, description: "sequences a step", whole: true, least: 1 },
    validationBatches: { default: 60, description: "batches to validate on", whole: true, least: 1 },
  },
  quick: { steps: 40, warmupSteps: 8, width: 16, layers: 1, heads: 2, context: 16, batch: 4, validationBatches: 4 },
  baselines: {
    constant: { schedule: "constant" },
    warmup: { schedule: "warmup" },
    linear: { schedule: "linear" },
    cyclic: { schedule: "cyclic" },
  },
  tune: { setting: "peak", values: [1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2], lowest: "validationLoss" },
  seeds: 5,

  async run({ settings, random, steps, log }) {
    const { context, batch, width, layers, heads } = settings;
    const text = mobyDick();
    const tokenizer = new CharacterTokenizer(text);
    const [training, validation] = TokenWindows.split(tokenizer.encode(text), context, 0.9);
    const order = random.next(); // which windows each step reads
    const model = new TransformerLM({
      vocabularySize: tokenizer.vocabularySize,
      width,
      layers,
      heads,
      context,
      random,
    });
    const schedule = schedules[settings.schedule]!(settings);
    const optimizer = new Optimizer(model, adamw, { learningRate: schedule, beta2: 0.95, weightDecay: 0.1 });

    const train = compile(({ input, target }: TokenBatch) => {
      const loss = crossEntropy(model.forward(input), target);
      optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
      return loss;
    });
    for await (const step of steps(settings.steps, { model, optimizer })) {
      const loss = await train(training.random(order, step, batch));
      await log({ learningRate: optimizer.learningRate, loss });
    }

    const { validationLoss } = await evaluation(model, ({ input, target }: TokenBatch) => ({
      validationLoss: crossEntropy(model.forward(input), target),
    }))(validation.inOrder(batch), { most: settings.validationBatches });
    return { validationLoss };
  },

  claims: [
    {
      claim: "warm-up gains on a constant rate, in nats",
      value: (_result, { constant, warmup }) => constant!.validationLoss - warmup!.validationLoss,
      moreThan: 0,
      paper: "Goyal et al. 2017, Section 2.2",
    },
    {
      claim: "decay along a cosine gains on no decay",
      value: (result, { warmup }) => warmup!.validationLoss - result.validationLoss,
      moreThan: 0,
      paper: "Loshchilov & Hutter 2016",
    },
    {
      claim: "a straight line is as good as a cosine, within 0.05 nats",
      value: (result, { linear }) => linear!.validationLoss - result.validationLoss,
      atLeast: -0.05,
      atMost: 0.05,
      paper: "Defazio et al. 2023",
    },
    {
      claim: "a cyclic rate gains on a constant one",
      value: (_result, { constant, cyclic }) => constant!.validationLoss - cyclic!.validationLoss,
      moreThan: 0,
      paper: "Smith 2015, Section 4",
    },
    {
      claim: "a cosine gains on a cyclic rate",
      value: (result, { cyclic }) => cyclic!.validationLoss - result.validationLoss,
      moreThan: 0,
    },
  ],
});
