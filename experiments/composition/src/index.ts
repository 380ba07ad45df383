/**
 * What does each of five components teach a language model that has all of them?
 *
 * Experts: Fedus, Zoph & Shazeer 2021, arXiv:2101.03961. Windows with sinks: Beltagy, Peters & Cohan 2020,
 * arXiv:2004.05150; Xiao et al. 2023, arXiv:2309.17453. Muon: Jordan et al. 2024. Lion: Chen et al. 2023,
 * arXiv:2302.06675. Warm-up and cosine: Goyal et al. 2017, arXiv:1706.02677; Loshchilov & Hutter 2016,
 * arXiv:1608.03983.
 */
import { compile, grad, type Tensor } from "@ansatz/core";
import { CharacterTokenizer, mobyDick, type TokenBatch, TokenWindows } from "@ansatz/data";
import { evaluation, experiment } from "@ansatz/lab";
import { crossEntropy, TransformerLM } from "@ansatz/nn";
import { clipByGlobalNorm } from "@ansatz/optim";
import { claims, type Figures } from "./claims.ts";
import { attentions, feedForwards, losses, optimizers, schedules } from "./parts.ts";

export default experiment({
  question: "What does each of five components teach a language model that has all of them?",
  paper: "Fedus, Zoph & Shazeer 2021; Xiao et al. 2023; Jordan et al. 2024; Chen et al. 2023; Loshchilov & Hutter 2016",
  variant: "all five",
  settings: {
    feedForward: { default: "experts", description: "of each block", choices: Object.keys(feedForwards) },
    loss: { default: "balanced", description: "alone, or with what balances experts", choices: Object.keys(losses) },
    attention: { default: "windowed", description: "of each block", choices: Object.keys(attentions) },
    optimizer: { default: "muonAndLion", description: "the update rules", choices: Object.keys(optimizers) },
    schedule: { default: "cosine", description: "of the learning rate", choices: Object.keys(schedules) },
    rate: { default: 1, description: "the learning rate, as a multiple of the rules' usual ones", least: 0 },
    width: { default: 64, description: "features of each position", whole: true, least: 1 },
    layers: { default: 4, description: "Transformer blocks", whole: true, least: 1 },
    heads: { default: 4, description: "attention heads; they must divide the width", whole: true, least: 1 },
    context: { default: 64, description: "the length of a sequence", unit: "characters", whole: true, least: 2 },
    batch: { default: 12, description: "sequences a step", whole: true, least: 1 },
    steps: { default: 800, description: "updates", whole: true, least: 2 },
    validationBatches: { default: 60, description: "batches to validate on", whole: true, least: 1 },
  },
  quick: { width: 16, layers: 2, heads: 2, context: 32, batch: 4, steps: 30, validationBatches: 2 },
  baselines: {
    plain: { feedForward: "plain", loss: "alone", attention: "full", optimizer: "adamw", schedule: "constant" },
    oneLayer: { feedForward: "plain", loss: "alone" },
    unbalanced: { loss: "alone" },
    fullAttention: { attention: "full" },
    adamw: { optimizer: "adamw" },
    constantRate: { schedule: "constant" },
  },
  tune: { setting: "rate", values: [1, 2, 4], lowest: "validationLoss" },
  seeds: 3,

  async run({ settings, random, steps, log }): Promise<Figures> {
    const text = mobyDick();
    const tokenizer = new CharacterTokenizer(text);
    const [training, validation] = TokenWindows.split(tokenizer.encode(text), settings.context, 0.9);
    const order = random.next(); // which windows each step reads
    const model = new TransformerLM({
      vocabularySize: tokenizer.vocabularySize,
      width: settings.width,
      layers: settings.layers,
      heads: settings.heads,
      context: settings.context,
      attention: attentions[settings.attention]!,
      feedForward: feedForwards[settings.feedForward]!,
      random,
    });
    const optimizer = optimizers[settings.optimizer]!(model, (usual) =>
      schedules[settings.schedule]!(settings.rate * usual, settings.steps),
    );

    const train = compile((input: Tensor, target: Tensor) => {
      const loss = crossEntropy(model.forward(input), target);
      const whole = losses[settings.loss]!(loss, model);
      optimizer.update(clipByGlobalNorm(grad(whole, model.parameters()), 1));
      return loss;
    });
    for await (const step of steps(settings.steps, { model, optimizer })) {
      const { input, target } = training.random(order, step, settings.batch);
      await log({ loss: await train(input, target) });
    }

    const evaluate = evaluation(model, ({ input, target }: TokenBatch) => ({
      validationLoss: crossEntropy(model.forward(input), target),
    }));
    const { validationLoss } = await evaluate(validation.inOrder(settings.batch), { most: settings.validationBatches });
    return { validationLoss };
  },

  claims,
});
