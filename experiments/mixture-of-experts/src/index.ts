/**
 * Does a language model learn more if its feed-forward layers are mixtures of experts, at equal cost per token?
 *
 * Shazeer et al. 2017, arXiv:1701.06538; Fedus, Zoph & Shazeer 2021, arXiv:2101.03961: one expert for each token,
 * chosen by a router that a balancing loss keeps from choosing the same expert for all. Without a capacity no token is
 * dropped: Gale et al. 2022, arXiv:2211.15841.
 */
import { add, argmax, compile, grad, Optimizer, realize } from "@ansatz/core";
import { CharacterTokenizer, mobyDick, type TokenBatch, TokenWindows } from "@ansatz/data";
import { evaluation, experiment } from "@ansatz/lab";
import { crossEntropy, TransformerLM } from "@ansatz/nn";
import { auxiliaryLoss, mixtureOfExperts, routingOf } from "@ansatz/nn-moe";
import { adamw, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { claims } from "./claims.ts";
import { loadFigures } from "./load-figures.ts";
import { Specialists } from "./specialists.ts";

export default experiment({
  question: "Does a language model learn more from experts, at equal cost per token?",
  paper: "Fedus, Zoph & Shazeer 2021, arXiv:2101.03961; Gale et al. 2022, arXiv:2211.15841",
  settings: {
    experts: {
      default: 8,
      description: "feed-forward networks in each block; 1 is the dense model",
      whole: true,
      least: 1,
    },
    perToken: { default: 1, description: "experts for each token", whole: true, least: 1 },
    capacity: { default: 0, description: "most tokens of an expert, in equal shares; 0 drops none", least: 0 },
    balancing: { default: 0.01, description: "weight of the balancing loss", least: 0 },
    z: { default: 0.001, description: "weight of the router's z-loss", least: 0 },
    width: { default: 64, description: "features of each position", whole: true, least: 1 },
    layers: { default: 2, description: "Transformer blocks", whole: true, least: 1 },
    heads: { default: 4, description: "attention heads", whole: true, least: 1 },
    context: { default: 64, description: "the length of each sequence", unit: "characters", whole: true, least: 2 },
    batch: { default: 16, description: "sequences a step", whole: true, least: 1 },
    learningRate: { default: 4e-3, description: "of AdamW: its peak, between warm-up and cosine", least: 0 },
    steps: { default: 1_000, description: "updates", whole: true, least: 2 },
    validationBatches: { default: 60, description: "batches to validate on", whole: true, least: 1 },
  },
  quick: { experts: 2, width: 16, heads: 2, context: 16, batch: 4, steps: 40, validationBatches: 4 },
  baselines: {
    dense: { experts: 1 },
    denseForLonger: { experts: 1, steps: 1_500 },
    fourExperts: { experts: 4 },
    unbalanced: { balancing: 0 },
    capacityOne: { capacity: 1 },
    capacityOneAndAQuarter: { capacity: 1.25 },
  },
  tune: { setting: "learningRate", values: [4e-3, 8e-3, 1.6e-2], lowest: "validationLoss" },
  seeds: 8,

  async run({ settings, random, steps, log, sample, print }) {
    const { experts, perToken, capacity, balancing, z, context, batch, learningRate } = settings;
    const text = mobyDick();
    const tokenizer = new CharacterTokenizer(text);
    const [training, validation] = TokenWindows.split(tokenizer.encode(text), context, 0.9);
    const order = random.next(); // which windows each step reads
    const limits = capacity === 0 ? {} : { capacity, evaluationCapacity: 2 }; // Zoph et al. 2022, arXiv:2202.08906
    const feedForward = experts === 1 ? "plain" : mixtureOfExperts({ experts, perToken, ...limits });
    const model = new TransformerLM({ ...settings, vocabularySize: tokenizer.vocabularySize, random, feedForward });
    const warmupSteps = Math.ceil(settings.steps / 20);
    const optimizer = new Optimizer(model, adamw, {
      learningRate: warmup(warmupSteps, cosine(learningRate, settings.steps - warmupSteps)),
      beta2: 0.95,
      weightDecay: 0.1,
    });

    const train = compile(({ input, target }: TokenBatch) => {
      const loss = crossEntropy(model.forward(input), target);
      const whole = experts === 1 ? loss : add(loss, auxiliaryLoss(model, { balancing, z }));
      optimizer.update(clipByGlobalNorm(grad(whole, model.parameters()), 1));
      return { loss, ...(experts > 1 && loadFigures(routingOf(model))) };
    });
    let milliseconds = 0;
    for await (const step of steps(settings.steps, { model, optimizer })) {
      const start = performance.now();
      await log(await train(training.random(order, step, batch)));
      if (step > 1) milliseconds += performance.now() - start; // the first step compiles
    }

    const { validationLoss } = await evaluation(model, ({ input, target }: TokenBatch) => ({
      validationLoss: crossEntropy(model.forward(input), target),
    }))(validation.inOrder(batch), { most: settings.validationBatches });
    const perStep = { validationLoss, millisecondsPerStep: milliseconds / (settings.steps - 1) };
    if (experts === 1) return perStep;

    const specialists = new Specialists(experts, tokenizer);
    model.eval();
    for (const { input } of [...validation.inOrder(batch)].slice(0, settings.validationBatches)) {
      model.forward(input);
      const { probabilities } = routingOf(model).at(-1)!;
      const chosen = argmax(probabilities);
      await realize(chosen);
      specialists.count(await input.data(), await chosen.data());
    }
    sample(specialists.describe());
    print(`\n${specialists.describe()}\n`);
    return { ...perStep, ...specialists.figures() };
  },

  claims,
});
