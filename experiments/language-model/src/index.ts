/**
 * How well does a small Transformer learn to write like Moby Dick?
 *
 * The recipe of the usual tutorial: AdamW with betas 0.9 and 0.95, decay on matrices only, linear warm-up, cosine decay
 * to a tenth, clipping at a global norm of 1. Any part can be replaced: the rule, the model, its layers, the text.
 */
import { compile, grad, meanOverRanks, Optimizer, shareOfRank, type Tensor } from "@ansatz/core";
import type { TokenBatch } from "@ansatz/data";
import { drawLossCurve, evaluation, experiment } from "@ansatz/lab";
import { crossEntropy, generate, TransformerLM } from "@ansatz/nn";
import { adamw, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { lion } from "@ansatz/optim-lion";
import { lossInPyTorch } from "./loss-in-pytorch.ts";
import { settings } from "./settings.ts";
import { readText } from "./text.ts";

export default experiment({
  question: "How well does a small Transformer learn to write like Moby Dick?",
  settings,
  quick: {
    width: 16,
    layers: 1,
    heads: 2,
    context: 32,
    steps: 100,
    warmupSteps: 10,
    validationEvery: 50,
    validationBatches: 2,
    generate: 20,
  },
  baselines: { constant: { schedule: "constant" } },
  seeds: 8,
  dividesBatches: true,

  async run({ settings, random, folder, steps, log, sample, print, interrupt, communicator }) {
    const { batch, context, learningRate, warmupSteps, weightDecay } = settings;
    const text = await readText(settings.vocabularySize, context, batch);
    const order = random.next(); // which windows each step reads
    const model = new TransformerLM({ ...settings, random });
    const floor = settings.schedule === "cosine" ? 0.1 * learningRate : learningRate;
    const options = {
      learningRate: warmup(warmupSteps, cosine(learningRate, Math.max(1, settings.steps - warmupSteps), { floor })),
      weightDecay,
      groups: [
        {
          where: (_name: string, { shape }: { readonly shape: readonly number[] }) => shape.length < 2,
          weightDecay: 0,
        },
      ],
    };
    const optimizer =
      settings.optimizer === "lion"
        ? new Optimizer(model, lion, options)
        : new Optimizer(model, adamw, { ...options, beta2: 0.95 });

    const train = compile((input: Tensor, target: Tensor) => {
      const own = shareOfRank({ input, target }, communicator);
      const loss = crossEntropy(model.forward(own.input), own.target);
      const mean = meanOverRanks({ loss, gradients: grad(loss, model.parameters()) }, communicator);
      optimizer.update(clipByGlobalNorm(mean.gradients, settings.clip));
      return mean.loss;
    });
    const measure = ({ input, target }: TokenBatch) => ({ validationLoss: crossEntropy(model.forward(input), target) });
    const evaluate = evaluation(model, measure, { communicator });

    for await (const step of steps(
      settings.steps,
      { model, optimizer },
      { saveEvery: settings.saveEvery, each: { tokens: batch * context } },
    )) {
      const { input, target } = text.training.random(order, step, batch);
      await log({ loss: await train(input, target) });
      if (step % settings.validationEvery === 0 && step < settings.steps)
        await log(await evaluate(text.validation.inOrder(batch), { most: settings.validationBatches }));
    }

    const beforeBatch = () => interrupt.check();
    const { validationLoss } = await evaluate(text.validation.inOrder(batch), { beforeBatch }); // nats per token
    await log({ validationLoss });
    const tokens = await generate(model, [...text.tokenizer.encode("\n")], {
      length: settings.generate,
      temperature: 0.8,
      random,
      onToken: () => interrupt.check(),
    });
    const written = text.tokenizer.decode(tokens).trim();
    sample(written);
    print(`\n${written}\n`);
    await drawLossCurve(
      folder,
      `Moby Dick, ${model.parameterCount().toLocaleString("en")} parameters, ${settings.optimizer}`,
    );
    return { validationLoss, bitsPerCharacter: validationLoss / Math.LN2 / text.charactersPerToken };
  },

  claims: [
    {
      claim: "it learns as in PyTorch, within 0.02 nats",
      value: (result, _baselines, seed) => result.validationLoss - lossInPyTorch(seed),
      atLeast: -0.02,
      atMost: 0.02,
      paper: "reference/train.json",
    },
    {
      claim: "decaying the learning rate helps",
      value: (result, { constant }) => constant!.validationLoss - result.validationLoss,
      moreThan: 0,
    },
  ],
});
