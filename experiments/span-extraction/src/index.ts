/**
 * Does a network that points at words find names in real sentences better than one that chooses among places?
 *
 * The answer is a span of the input: a first word and a last one. Two steps of a pointer network say it, as in Wang &
 * Jiang 2016, arXiv:1608.07905, Section 3.3.2 (its boundary model). The sentences and the names are those of the Brown
 * corpus, in lower case. What pointing is compared with: Vinyals, Fortunato & Jaitly 2015, arXiv:1506.03134, Table 1.
 */
import { ArgumentError, compile, grad, Optimizer } from "@ansatz/core";
import { DataLoader, dropWords, type BatchOf } from "@ansatz/data";
import { experiment } from "@ansatz/lab";
import { crossEntropy } from "@ansatz/nn";
import { fixedChoice, lstmEncoder, transformerEncoder } from "@ansatz/nn-pointer";
import { adamw, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { judged, judgedByRule } from "./judged.ts";
import { NameFinder } from "./name-finder.ts";
import { sentences, unknown } from "./sentences.ts";

export default experiment({
  question: "Does a network that points at words find names in real sentences better than one that chooses places?",
  paper: "Vinyals, Fortunato & Jaitly 2015, arXiv:1506.03134; Wang & Jiang 2016, arXiv:1608.07905",
  settings: {
    answer: {
      default: "pointing",
      description: "how a word is chosen: by pointing, or by a layer with a class for each place",
      choices: ["pointing", "classes with attention", "classes"],
    },
    encoder: {
      default: "transformer",
      description: "what reads the words; an lstm sees only those before each",
      choices: ["transformer", "lstm"],
    },
    shortest: { default: 5, description: "words of the shortest sentence", whole: true, least: 1 },
    longest: { default: 30, description: "words of the longest", whole: true, least: 1 },
    leastCount: { default: 10, description: "how often a word must occur, or it is unknown", whole: true, least: 1 },
    wordDropout: { default: 0.1, description: "probability of making a word unknown", least: 0, most: 1 },
    dropout: { default: 0.2, description: "probability in the Transformer", least: 0, most: 1 },
    hidden: { default: 64, description: "features of the words and of the states", whole: true, least: 4 },
    layers: { default: 2, description: "Transformer blocks", whole: true, least: 1 },
    batch: { default: 64, description: "sentences a step", whole: true, least: 1 },
    steps: { default: 1_000, description: "updates", whole: true, least: 2 },
    learningRate: { default: 2e-3, description: "of AdamW: its peak, between warm-up and cosine", least: 0 },
    beams: { default: 8, description: "spans that are followed at once", whole: true, least: 1 },
  },
  quick: { longest: 8, leastCount: 20, hidden: 16, layers: 1, steps: 150, learningRate: 1e-2 },
  baselines: {
    attention: { answer: "classes with attention" },
    sequence: { answer: "classes" },
    lstm: { encoder: "lstm" },
  },
  tune: { setting: "learningRate", values: [2e-3, 4e-3, 8e-3, 1.6e-2], highest: "exactlyRight" },

  async run({ settings, random, steps, log }) {
    const { answer, shortest, longest, layers, hidden, dropout, wordDropout, batch } = settings;
    if (shortest > longest)
      throw new ArgumentError(
        `shortest is ${shortest} but longest is ${longest}\n  use a shortest that isn't above longest`,
      );
    const { training, unseen, vocabularySize } = sentences(settings);
    const transformer = transformerEncoder({ layers, heads: 4, positions: "rotary", dropout });
    const choice = fixedChoice({ places: longest, attention: answer === "classes with attention" });
    const model = new NameFinder(vocabularySize, {
      hidden,
      encoder: settings.encoder === "transformer" ? transformer : lstmEncoder(),
      ...(answer !== "pointing" && { choice }),
      random,
    });
    const warm = Math.ceil(settings.steps / 20);
    const learningRate = warmup(warm, cosine(settings.learningRate, settings.steps - warm));
    const optimizer = new Optimizer(model, adamw, { learningRate, weightDecay: 0.01 });
    const loader = new DataLoader(training, { batchSize: batch, shuffle: random.next(), dropLast: true });

    const train = compile(({ words, lengths, span }: BatchOf<typeof loader>) => {
      const seen = dropWords(words, random.next(), { unknownToken: unknown, probability: wordDropout });
      const loss = crossEntropy(model.forward(seen, span, lengths), span);
      optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
      return loss;
    });
    for await (const _step of steps(settings.steps, { model, optimizer, loader }))
      await log({ loss: await train(await loader.next()) });

    return { ...(await judged(model, unseen, settings.beams)), exactlyRightByRule: judgedByRule(unseen) };
  },

  claims: [
    {
      claim: "pointing finds more names than the rule that takes the first unknown words",
      value: (result) => result.exactlyRight - result.exactlyRightByRule,
      moreThan: 0,
    },
    {
      claim: "pointing finds more names than classes with attention",
      value: (result, { attention }) => result.exactlyRight - attention!.exactlyRight,
      moreThan: 0,
      paper: "Vinyals et al. 2015, Table 1, of convex hulls",
    },
    {
      claim: "attention finds more than none",
      value: (_result, { attention, sequence }) => attention!.exactlyRight - sequence!.exactlyRight,
      moreThan: 0,
      paper: "Vinyals et al. 2015, Table 1, of convex hulls",
    },
    {
      claim: "a Transformer finds more than an LSTM",
      value: (result, { lstm }) => result.exactlyRight - lstm!.exactlyRight,
      moreThan: 0,
    },
    {
      claim: "the likeliest of eight spans is right more often than the likeliest word at each step",
      value: (result) => result.exactlyRight - result.exactlyRightGreedy,
      moreThan: 0,
    },
  ],
});
