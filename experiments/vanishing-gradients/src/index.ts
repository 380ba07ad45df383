/**
 * How far back do gradients reach in a recurrent network?
 *
 * Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063. Gated cells: Hochreiter &
 * Schmidhuber 1997; Cho et al. 2014. A step is a distance, the number of steps between a state and the loss; each
 * figure is log₁₀ of a norm. What is to be expected is derived in the README.
 */
import { compile, grad, Optimizer } from "@ansatz/core";
import { experiment } from "@ansatz/lab";
import { crossEntropy } from "@ansatz/nn";
import { adam, clipByGlobalNorm } from "@ansatz/optim";
import { accuracy } from "./accuracy.ts";
import { gradientNorms, type Norms } from "./measure.ts";
import { latching, Latch } from "./model.ts";

export default experiment({
  question: "How far back do gradients reach in a recurrent network?",
  paper: "Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063",
  step: "distance, in steps",
  settings: {
    cell: { default: "rnn", description: "the kind of cell", choices: ["rnn", "gru", "lstm"] },
    gain: {
      default: 0,
      description: "the recurrent weights of rnn are orthogonal times this; 0 leaves them as PyTorch draws them",
      least: 0,
    },
    forgetBias: { default: 1, description: "the initial bias of the forget gates of lstm" },
    hidden: { default: 32, description: "features of the state", whole: true, least: 1 },
    distances: { default: 100, description: "the longest distance", whole: true, least: 2 },
    clip: {
      default: 1,
      description: "the greatest global norm of the gradient; 0 does not clip in training",
      least: 0,
    },
    delay: {
      default: 50,
      description: "how long a class must be remembered in training",
      unit: "steps",
      whole: true,
      least: 2,
    },
    updates: { default: 400, description: "updates of training, after the first measurement", whole: true, least: 0 },
    learningRate: { default: 3e-3, description: "of Adam", least: 0 },
    batch: { default: 32, description: "sequences", whole: true, least: 1 },
  },
  quick: { hidden: 8, distances: 20, delay: 8, updates: 30 },
  baselines: {
    contracting: { gain: 0.9 },
    exploding: { gain: 1.5 },
    explodingUnclipped: { gain: 1.5, clip: 0 },
    gru: { cell: "gru" },
    lstm: { cell: "lstm" },
    lstmOpen: { cell: "lstm", forgetBias: 5 },
  },
  seeds: 10,

  async run({ settings, random, steps, log, interrupt }) {
    const { delay, batch, learningRate } = settings;
    const clip = settings.clip === 0 ? Number.MAX_VALUE : settings.clip;
    const model = new Latch(settings, random);
    const optimizer = new Optimizer(model, adam, { learningRate });
    const measured = gradientNorms(model, random, { ...settings, clip });
    const atFirst: Norms[] = [];
    for (let distance = 1; distance <= settings.distances; distance++) atFirst.push(await measured(distance));

    const train = compile(() => {
      const { x, target } = latching(random, delay, batch);
      const loss = crossEntropy(model.forward(x), target);
      optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), clip));
      return loss;
    });
    for (let update = 0; update < settings.updates; update++) {
      interrupt.check();
      await (await train()).item();
    }
    for await (const distance of steps(settings.distances, {}))
      await log({
        ...atFirst[distance - 1]!,
        log10TrainedStateGradient: (await measured(distance)).log10StateGradient,
      });

    const at = (distance: number) => atFirst[Math.min(distance, settings.distances) - 1]!;
    return {
      log10StateGradientAt25: at(25).log10StateGradient,
      log10StateGradient: at(settings.distances).log10StateGradient,
      log10TrainedStateGradient: (await measured(settings.distances)).log10StateGradient,
      log10LargestParameterGradient: Math.max(...atFirst.map(({ log10ParameterGradient }) => log10ParameterGradient)),
      log10LargestClippedGradient: Math.max(...atFirst.map(({ log10ClippedGradient }) => log10ClippedGradient)),
      accuracy: await accuracy(model, random, { delay, sequences: 512 }),
    };
  },

  claims: [
    {
      claim: "a tanh network as PyTorch draws it passes less than a thousandth over 25 steps",
      value: (result) => result.log10StateGradientAt25,
      atMost: -3,
      paper: "Bengio et al. 1994, Theorem 4",
    },
    {
      claim: "with singular values of 0.9, at most 0.9¹⁰⁰ over 100",
      value: (_result, { contracting }) => contracting!.log10StateGradient,
      atMost: -4.5758,
      paper: "Pascanu et al. 2013, Section 2.1: 100 log₁₀ 0.9",
      reported: -4.5758,
    },
    {
      claim: "with singular values of 1.5 gradients grow, tenfold or more",
      value: (_result, { exploding }) => exploding!.log10StateGradient,
      atLeast: 1,
      paper: "Pascanu et al. 2013, Section 2.1",
    },
    {
      claim:
        "the gradient of an LSTM with a forget bias of 1 falls as its gates, 100 log₁₀ σ(1), within a factor of 30",
      value: (_result, { lstm }) => lstm!.log10StateGradient,
      atLeast: -15.1,
      atMost: -12.1,
    },
    {
      claim: "with a forget bias of 5 it keeps a tenth or more over 100 steps",
      value: (_result, { lstmOpen }) => lstmOpen!.log10StateGradient,
      atLeast: -1,
      paper: "Hochreiter & Schmidhuber 1997, Section 4",
    },
    {
      claim: "an LSTM with open gates learns to remember a class for 50 steps",
      value: (_result, { lstmOpen }) => lstmOpen!.accuracy,
      atLeast: 0.95,
      unvarying: "every class is right",
      paper: "Hochreiter & Schmidhuber 1997",
    },
    {
      claim: "a tanh network as PyTorch draws it does not",
      value: (result) => result.accuracy,
      atMost: 0.75,
      paper: "Bengio et al. 1994, Section III",
    },
    {
      claim: "with singular values of 1.5 it learns it only with clipping, which gains 0.05 in accuracy",
      value: (_result, { exploding, explodingUnclipped }) => exploding!.accuracy - explodingUnclipped!.accuracy,
      atLeast: 0.05,
      unvarying: "with and without clipping every class is right",
      paper: "Pascanu et al. 2013, Section 3.2",
    },
  ],
});
