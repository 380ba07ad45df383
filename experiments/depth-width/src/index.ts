/**
 * At equal parameters, is it better to be deep, wide, or to use the same layer again?
 *
 * The shape hardly matters: Kaplan et al. 2020, arXiv:2001.08361. Depth counts: Tay et al. 2021, arXiv:2109.10686.
 * Layers that share their weights: Dehghani et al. 2018, arXiv:1807.03819; Lan et al. 2019, arXiv:1909.11942. The width
 * follows from the number of parameters, without embeddings and output layer, as Kaplan et al. count. Each model has
 * the learning rate that suits it best.
 */
import { compile, grad, Optimizer } from "@ansatz/core";
import { CharacterTokenizer, mobyDick, type TokenBatch, TokenWindows } from "@ansatz/data";
import { evaluation, experiment } from "@ansatz/lab";
import { crossEntropy } from "@ansatz/nn";
import { adamw, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { parametersOf, RepeatedTransformer, widthFor } from "./model.ts";

export default experiment({
  question: "At equal parameters, is it better to be deep, wide, or to use the same layer again?",
  paper: "Kaplan et al. 2020, arXiv:2001.08361; Tay et al. 2021, arXiv:2109.10686; Lan et al. 2019, arXiv:1909.11942",
  settings: {
    parameters: {
      default: 216_000,
      description: "weights of the blocks; the width is the largest that they allow",
      whole: true,
      least: 1_000,
    },
    layers: { default: 4, description: "blocks with their own weights", whole: true, least: 1 },
    times: { default: 1, description: "how often the input goes through all of them", whole: true, least: 1 },
    heads: { default: 2, description: "attention heads", whole: true, least: 1 },
    context: { default: 64, description: "the length of each sequence", unit: "characters", whole: true, least: 2 },
    batch: { default: 12, description: "sequences a step", whole: true, least: 1 },
    learningRate: { default: 4e-3, description: "of AdamW: its peak, between warm-up and cosine", least: 0 },
    steps: { default: 1_000, description: "updates", whole: true, least: 2 },
    validationBatches: { default: 60, description: "batches to validate on", whole: true, least: 1 },
  },
  quick: { parameters: 6_000, layers: 2, heads: 2, context: 16, batch: 4, steps: 40, validationBatches: 4 },
  baselines: {
    oneLayer: { layers: 1 },
    twoLayers: { layers: 2 },
    eightLayers: { layers: 8 },
    oneFourTimes: { layers: 1, times: 4 },
    twiceTheParameters: { parameters: 432_000 },
  },
  tune: { setting: "learningRate", values: [1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2], lowest: "validationLoss" },
  seeds: 5,

  async run({ settings, random, steps, log }) {
    const { context, batch, learningRate } = settings;
    const text = mobyDick();
    const tokenizer = new CharacterTokenizer(text);
    const [training, validation] = TokenWindows.split(tokenizer.encode(text), context, 0.9);
    const order = random.next(); // which windows each step reads
    const shape = { ...settings, characters: tokenizer.vocabularySize };
    const width = widthFor(shape, settings.parameters);
    const model = new RepeatedTransformer(shape, { width, times: settings.times, random });
    const warmupSteps = Math.ceil(settings.steps / 20);
    const optimizer = new Optimizer(model, adamw, {
      learningRate: warmup(warmupSteps, cosine(learningRate, settings.steps - warmupSteps)),
      beta2: 0.95,
      weightDecay: 0.1,
    });

    const train = compile(({ input, target }: TokenBatch) => {
      const loss = crossEntropy(model.forward(input), target);
      optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
      return loss;
    });
    for await (const step of steps(settings.steps, { model, optimizer }))
      await log({ loss: await train(training.random(order, step, batch)) });

    const { validationLoss } = await evaluation(model, ({ input, target }: TokenBatch) => ({
      validationLoss: crossEntropy(model.forward(input), target),
    }))(validation.inOrder(batch), { most: settings.validationBatches });
    return { validationLoss, width, parameters: parametersOf(shape, width) };
  },

  claims: [
    {
      claim: "four layers learn more than one that is as large",
      value: (result, { oneLayer }) => oneLayer!.validationLoss - result.validationLoss,
      moreThan: 0,
      paper: "Tay et al. 2021, Section 4",
    },
    {
      claim: "from two layers to eight the loss changes by a few per cent: the largest over the least",
      value: (result, { twoLayers, eightLayers }) =>
        ratio([result, twoLayers!, eightLayers!].map(({ validationLoss }) => validationLoss)),
      atMost: 1.03,
      paper: "Kaplan et al. 2020, Section 3.1, Figure 5",
    },
    {
      claim: "a layer that is used four times learns more than used once",
      value: (_result, { oneLayer, oneFourTimes }) => oneLayer!.validationLoss - oneFourTimes!.validationLoss,
      moreThan: 0,
      paper: "Lan et al. 2019",
    },
    {
      claim: "one wide layer, four times, learns more than four narrow ones",
      value: (result, { oneFourTimes }) => result.validationLoss - oneFourTimes!.validationLoss,
      moreThan: 0,
      paper: "Dehghani et al. 2018",
    },
    {
      claim: "twice the parameters learn more",
      value: (result, { twiceTheParameters }) => result.validationLoss - twiceTheParameters!.validationLoss,
      moreThan: 0,
      paper: "Kaplan et al. 2020, Section 3.2",
    },
  ],
});

const ratio = (values: readonly number[]): number => Math.max(...values) / Math.min(...values);
