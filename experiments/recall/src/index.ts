/**
 * Which layers can recall values by their keys, and how large must their state be?
 *
 * A language model must often repeat what it has read, such as the second name after a first name. Multi-query
 * associative recall is this alone: pairs of a key and a value, then the keys. Arora et al. 2023, arXiv:2312.04927; on
 * the size of the state Arora et al. 2024, arXiv:2402.18668. Layers: Dao & Gu 2024, arXiv:2405.21060; Yang, Kautz &
 * Hatamizadeh 2024, arXiv:2412.06464. Each has the learning rate that suits it best.
 */
import { argmax, cast, compile, equal, grad, mean, Optimizer, slice } from "@ansatz/core";
import { evaluation, experiment } from "@ansatz/lab";
import { crossEntropy, TransformerLM } from "@ansatz/nn";
import { adamw, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { mixers } from "./mixers.ts";
import { recallProblems, type RecallProblems } from "./problems.ts";
import { ShortConvolution } from "./short-convolution.ts";

export default experiment({
  question: "Which layers can recall values by their keys, and how large must their state be?",
  paper: "Arora et al. 2023, arXiv:2312.04927; Arora et al. 2024, arXiv:2402.18668",
  settings: {
    mixer: { default: "attention", description: "what mixes the positions", choices: Object.keys(mixers) },
    pairs: { default: 8, description: "keys and values to remember", whole: true, least: 1 },
    state: {
      default: 16,
      description: "features by which a layer addresses its state; attention has none",
      whole: true,
      least: 1,
    },
    vocabulary: { default: 16, description: "different keys, and as many values", whole: true, least: 2 },
    width: { default: 64, description: "features of each position", whole: true, least: 1 },
    layers: { default: 2, description: "Transformer blocks", whole: true, least: 1 },
    heads: { default: 2, description: "heads of each block; they must divide the width", whole: true, least: 1 },
    batch: { default: 32, description: "problems a step", whole: true, least: 1 },
    steps: { default: 1_500, description: "updates", whole: true, least: 2 },
    learningRate: { default: 3e-3, description: "of AdamW: its peak, between warm-up and cosine", least: 0 },
    testBatches: { default: 40, description: "batches of unseen problems", whole: true, least: 1 },
  },
  quick: { pairs: 2, state: 4, vocabulary: 8, width: 16, layers: 1, batch: 16, steps: 30, testBatches: 2 },
  baselines: {
    linearAttention: { mixer: "linearAttention" },
    gatedDeltaNet: { mixer: "gatedDeltaNet" },
    mamba2: { mixer: "mamba2" },
    smallLinearAttention: { mixer: "linearAttention", state: 2 },
    smallGatedDeltaNet: { mixer: "gatedDeltaNet", state: 2 },
    smallMamba2: { mixer: "mamba2", state: 2 },
    smallMamba2FewPairs: { mixer: "mamba2", state: 2, pairs: 2 },
  },
  tune: { setting: "learningRate", values: [3e-3, 1e-2, 3e-2], highest: "accuracy" },
  seeds: 5,

  async run({ settings, random, steps, log }) {
    const { width, heads, layers, pairs, vocabulary } = settings;
    const model = new TransformerLM({
      vocabularySize: 2 * vocabulary,
      width,
      layers,
      heads,
      context: 3 * pairs,
      attention: mixers[settings.mixer]!(settings),
      positions: (features, options) => new ShortConvolution(features, options),
      random,
    });
    const warmupSteps = Math.ceil(settings.steps / 10);
    const optimizer = new Optimizer(model, adamw, {
      learningRate: warmup(warmupSteps, cosine(settings.learningRate, settings.steps - warmupSteps)),
      weightDecay: 0.1,
    });
    const answered = ({ input, answers }: RecallProblems) => {
      const logits = slice(model.forward(input), [null, 2 * pairs]); // after each key that is asked for
      const accuracy = mean(cast(equal(argmax(logits), answers), "float32"));
      return { loss: crossEntropy(logits, answers), accuracy };
    };

    const train = compile(() => {
      const { loss, accuracy } = answered(recallProblems(random.next(), settings));
      optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
      return { loss, accuracy };
    });
    for await (const _step of steps(settings.steps, { model, optimizer })) await log(await train());

    const unseen = Array.from({ length: settings.testBatches }, () => recallProblems(random.next(), settings));
    return evaluation(model, answered)(unseen);
  },

  claims: [
    {
      claim: "attention answers 95 % of the questions",
      value: (result) => result.accuracy,
      atLeast: 0.95,
      unvarying: "it answers every question",
      paper: "Arora et al. 2023, Section 4",
    },
    {
      claim: "the gated delta rule with keys of 16 features also answers 95 %",
      value: (_result, { gatedDeltaNet }) => gatedDeltaNet!.accuracy,
      atLeast: 0.95,
    },
    {
      claim: "with keys of 2 features, linear attention answers fewer than attention",
      value: (result, { smallLinearAttention }) => result.accuracy - smallLinearAttention!.accuracy,
      moreThan: 0,
      paper: "Arora et al. 2024, Section 3.1",
    },
    {
      claim: "with keys of 2 features, the gated delta rule answers fewer than attention",
      value: (result, { smallGatedDeltaNet }) => result.accuracy - smallGatedDeltaNet!.accuracy,
      moreThan: 0,
      paper: "Arora et al. 2024, Section 3.1",
    },
    {
      claim: "linear attention answers more with a state eight times as large",
      value: (_result, { linearAttention, smallLinearAttention }) =>
        linearAttention!.accuracy - smallLinearAttention!.accuracy,
      moreThan: 0,
      paper: "Arora et al. 2024, Section 3.1",
    },
    {
      claim: "Mamba-2 answers more with a state eight times as large",
      value: (_result, { mamba2, smallMamba2 }) => mamba2!.accuracy - smallMamba2!.accuracy,
      moreThan: 0,
      paper: "Arora et al. 2024, Section 3.1",
    },
    {
      claim: "a small state remembers 2 pairs: it answers 95 %, where naming one of the two is right in half",
      value: (_result, { smallMamba2FewPairs }) => smallMamba2FewPairs!.accuracy,
      atLeast: 0.95,
      unvarying: "it answers every question",
    },
    {
      claim: "but not 8: it answers less than half",
      value: (_result, { smallMamba2 }) => smallMamba2!.accuracy,
      lessThan: 0.5,
    },
    {
      claim: "with equally small states, the gated delta rule answers more than Mamba-2",
      value: (_result, { smallGatedDeltaNet, smallMamba2 }) => smallGatedDeltaNet!.accuracy - smallMamba2!.accuracy,
      moreThan: 0,
      paper: "Yang et al. 2024, Section 3.2, of needles in haystacks",
    },
  ],
});
