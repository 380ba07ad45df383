/**
 * How well do small networks read handwritten digits, and what does each regulariser add?
 *
 * LeCun, Bottou, Bengio & Haffner 1998. Regularisers: Krogh & Hertz 1991 (L2), Loshchilov & Hutter 2017 (decay),
 * Tibshirani 1996 (L1), Srivastava et al. 2014 (dropout), Prechelt 1998 (early stopping), Szegedy et al. 2015 (label
 * smoothing), Ioffe & Szegedy 2015 (batch normalization), Huang et al. 2016 (stochastic depth).
 */
import { add, argmax, cast, compile, equal, grad, mean, mul, Optimizer, type Tensor } from "@ansatz/core";
import { CheckpointAverage, EarlyStopping, evaluation, experiment, type Claim } from "@ansatz/lab";
import { crossEntropy, l1Penalty, l2Penalty } from "@ansatz/nn";
import { adamw, cosine } from "@ansatz/optim";
import { most, readDigits, type Digits } from "./digits.ts";
import { makeModel } from "./model.ts";
import { Stopwatch } from "./stopwatch.ts";

const regularisers = {
  l2: "an L2 penalty",
  decay: "decoupled weight decay",
  l1: "an L1 penalty",
  dropout: "dropout",
  earlyStopping: "early stopping",
  labelSmoothing: "label smoothing",
  batchNorm: "batch normalisation",
  stochasticDepth: "stochastic depth",
} as const;
const few = { examples: 1_000, batch: 64 };

type Found = { readonly testAccuracy: number; readonly testLoss: number; readonly trainingSeconds: number };

export default experiment({
  question: "How well do small networks read handwritten digits, and what does each regulariser add?",
  paper: "LeCun, Bottou, Bengio & Haffner 1998",
  settings: {
    model: {
      default: "mlp",
      description: "a perceptron with two hidden layers, or a small convolutional network",
      choices: ["mlp", "cnn"],
    },
    regulariser: {
      default: "batchNorm",
      description: "what keeps it from memorizing",
      choices: ["none", ...Object.keys(regularisers)],
    },
    strength: {
      default: 0,
      description:
        "the factor of the penalty or decay, the probability of dropping, or what is smoothed; 0 takes a usual one",
      least: 0,
    },
    examples: { default: most, description: "images to learn from", whole: true, least: 10, most },
    batch: { default: 256, description: "images a step", whole: true, least: 2 },
    steps: { default: 1_800, description: "updates", whole: true, least: 1 },
    learningRate: { default: 2e-3, description: "its peak, from which it falls along a cosine", least: 0 },
    validationEvery: { default: 150, description: "steps between validations", whole: true, least: 1 },
    patience: {
      default: 3,
      description: "validations without gain after which early stopping stops",
      whole: true,
      least: 1,
    },
  },
  quick: { examples: 200, batch: 20, steps: 20, validationEvery: 10 },
  baselines: {
    cnn: { model: "cnn", batch: 128, steps: 1_400 },
    ...Object.fromEntries(
      ["none", ...Object.keys(regularisers)].map((regulariser) => [regulariser, { ...few, regulariser }]),
    ),
  },
  seeds: 5,

  async run({ settings, random, steps, log, interrupt }): Promise<Found> {
    const { regulariser } = settings;
    const is = (name: keyof typeof regularisers, usual: number) =>
      regulariser !== name ? 0 : settings.strength || usual;
    const validationDecides = regulariser === "earlyStopping";
    const digits = readDigits({ ...settings, validationDecides, shuffle: random.next() });
    const model = makeModel({
      kind: settings.model,
      regulariser,
      probability: is("dropout", 0.5) + is("stochasticDepth", 0.5),
      random,
    });
    const optimizer = new Optimizer(model, adamw, {
      learningRate: cosine(settings.learningRate, settings.steps),
      weightDecay: is("decay", 0.1),
    });
    const matrices = model.parameters().filter(({ shape }) => shape.length > 1);
    const [stopping, best, clock] = [
      new EarlyStopping({ patience: validationDecides ? settings.patience : settings.steps }),
      new CheckpointAverage(model, { last: 1 }),
      new Stopwatch(),
    ];

    const train = compile(({ image, label }: Digits) => {
      let loss = crossEntropy(model.forward(image), label, { labelSmoothing: is("labelSmoothing", 0.1) });
      if (regulariser === "l2") loss = add(loss, mul(is("l2", 1e-3), l2Penalty(matrices)));
      if (regulariser === "l1") loss = add(loss, mul(is("l1", 1e-4), l1Penalty(matrices)));
      optimizer.update(grad(loss, model.parameters()));
      return loss;
    });
    const evaluate = evaluation(model, ({ image, label }: Digits) => ({
      accuracy: right(model.forward(image), label),
      loss: crossEntropy(model.forward(image), label),
    }));

    for await (const step of steps(settings.steps, {
      model,
      optimizer,
      loader: digits.training,
      stopping,
      best,
      clock,
    })) {
      await log({ loss: await train(await digits.training.next()) });
      if (step % settings.validationEvery !== 0) continue;
      const validated = await evaluate(digits.validation);
      await log({ validationLoss: validated.loss, validationAccuracy: validated.accuracy });
      if (stopping.observe(validated.loss) && validationDecides) await best.add();
    }
    clock.stop();
    if (best.count > 0) await best.apply();
    const { accuracy, loss } = await evaluate(digits.test, { beforeBatch: () => interrupt.check() });
    return { testAccuracy: accuracy, testLoss: loss, trainingSeconds: clock.seconds };
  },

  claims: [
    {
      claim: "the perceptron reads 98 % of the test rightly",
      value: (result) => result.testAccuracy,
      atLeast: 0.98,
      paper: "Section III.C, without distortions: 300-100 hidden units 96.95 %",
      reported: 0.9695,
    },
    {
      claim: "the convolutional network reads 99 %",
      value: (_result, { cnn }) => cnn!.testAccuracy,
      atLeast: 0.99,
      paper: "Section III.C: LeNet-5 99.05 %",
      reported: 0.9905,
    },
    ...Object.entries(regularisers).map(([name, words]): Claim<Found> => ({
      claim: `of 1,000 images it learns better with ${words}`,
      value: (_result, baselines) => baselines[name]!.testAccuracy - baselines["none"]!.testAccuracy,
      moreThan: 0,
    })),
  ],
});

function right(logits: Tensor, label: Tensor): Tensor {
  return mean(cast(equal(argmax(logits), label), "float32"));
}
