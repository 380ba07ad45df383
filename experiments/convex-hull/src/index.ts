/**
 * Does a network that points at its input find convex hulls better than one that chooses among places?
 *
 * Vinyals, Fortunato & Jaitly 2015, arXiv:1506.03134, Section 4.2 and Table 1. Three networks have the paper's encoder
 * and decoder: one points, one chooses among numbered places with attention, and one without. A fourth points at a set,
 * which an encoder without positions reads (Vinyals, Bengio & Kudlur 2015, arXiv:1511.06391, on sets).
 */
import { ArgumentError, compile, grad, Optimizer } from "@ansatz/core";
import { DataLoader, type BatchOf } from "@ansatz/data";
import { experiment } from "@ansatz/lab";
import { crossEntropy } from "@ansatz/nn";
import { fixedChoice, lstmEncoder, PointerNetwork, transformerEncoder } from "@ansatz/nn-pointer";
import { adam, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { hulls } from "./hulls.ts";
import { corners, judged, type Judged } from "./judged.ts";

export default experiment({
  question: "Does a network that points at its input find convex hulls better than one that chooses among places?",
  paper: "Vinyals, Fortunato & Jaitly 2015, arXiv:1506.03134",
  settings: {
    encoder: { default: "set", description: "what reads the points", choices: ["set", "sequence"] },
    answer: {
      default: "pointing",
      description: "how a place is chosen: by pointing, or by a layer with a class for each place",
      choices: ["pointing", "classes with attention", "classes"],
    },
    least: { default: 5, description: "points of the smallest problems", whole: true, least: 3 },
    most: { default: 10, description: "points of the largest", whole: true, least: 3 },
    hidden: { default: 64, description: "features of the states", whole: true, least: 4 },
    layers: { default: 2, description: "Transformer blocks of the set encoder", whole: true, least: 1 },
    examples: { default: 200_000, description: "problems to learn from", whole: true, least: 1 },
    batch: { default: 128, description: "problems a step", whole: true, least: 1 },
    steps: { default: 3_000, description: "updates", whole: true, least: 1 },
    learningRate: { default: 2e-3, description: "of Adam, after a warm-up falling along a cosine", least: 0 },
    unseen: { default: 1_000, description: "problems of each size to judge it by", whole: true, least: 1 },
  },
  quick: {
    least: 3,
    most: 4,
    hidden: 16,
    layers: 1,
    examples: 1_000,
    batch: 32,
    steps: 200,
    unseen: 100,
    learningRate: 1e-2,
  },
  baselines: {
    sequence: { encoder: "sequence" },
    attention: { encoder: "sequence", answer: "classes with attention" },
    classes: { encoder: "sequence", answer: "classes" },
  },
  tune: { setting: "learningRate", values: [2e-3, 4e-3, 8e-3, 1.6e-2], highest: "exactlyRight" },

  async run({ settings, random, steps, log }) {
    const { answer, least, most, hidden, layers, examples } = settings;
    if (least > most)
      throw new ArgumentError(`least is ${least} but most is ${most}\n  use a least that isn't above most`);
    const choice = fixedChoice({ places: most, attention: answer === "classes with attention" });
    const model = new PointerNetwork({
      inputs: 2,
      hidden,
      encoder: settings.encoder === "set" ? transformerEncoder({ layers, heads: 4 }) : lstmEncoder(),
      ends: true,
      ...(answer !== "pointing" && { choice }),
      random,
    });
    const warm = Math.max(1, Math.floor(settings.steps / 20));
    const learningRate = warmup(warm, cosine(settings.learningRate, settings.steps - warm));
    const optimizer = new Optimizer(model, adam, { learningRate });
    const problems = await hulls(random.next(), { count: examples, least, most, places: most });
    const batchSize = Math.min(settings.batch, examples);
    const loader = new DataLoader(problems, { batchSize, shuffle: random.next(), dropLast: true });

    const train = compile(({ points, lengths, hull }: BatchOf<typeof loader>) => {
      const loss = crossEntropy(model.forward(points, hull, { lengths, constraint: corners }), hull, {
        ignoredIndex: -1,
      });
      optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 2));
      return loss;
    });
    for await (const _step of steps(settings.steps, { model, optimizer, loader }))
      await log({ loss: await train(await loader.next()) });

    const sizes = Array.from({ length: most - least + 1 }, (_, i) => least + i);
    const found: Judged[] = [];
    for (const size of sizes)
      found.push(await judged(model, random.next(), { count: settings.unseen, size, places: most }));
    const mean = (figure: keyof Judged) => found.reduce((total, own) => total + own[figure], 0) / found.length;
    return {
      exactlyRight: mean("exactlyRight"),
      exactlyRightSmallest: found[0]!.exactlyRight,
      exactlyRightLargest: found.at(-1)!.exactlyRight,
      coveredArea: mean("coveredArea"),
    };
  },

  claims: [
    {
      claim: "with the LSTM of the paper, pointing finds more hulls exactly than classes with attention",
      value: (_result, { sequence, attention }) => sequence!.exactlyRight - attention!.exactlyRight,
      moreThan: 0,
      paper: "Table 1, of 50 points",
      reported: 0.337,
    },
    {
      claim: "attention finds more than none",
      value: (_result, { attention, classes }) => attention!.exactlyRight - classes!.exactlyRight,
      moreThan: 0,
      paper: "Table 1, of 50 points",
      reported: 0.37,
    },
    {
      claim: "an encoder of sets finds more than that LSTM",
      value: (result, { sequence }) => result.exactlyRight - sequence!.exactlyRight,
      moreThan: 0,
      paper: "Vinyals, Bengio & Kudlur 2015, Section 4.4, of sorting",
    },
    {
      claim: "with it, nine of ten hulls of five points are exactly right",
      value: (result) => result.exactlyRightSmallest,
      atLeast: 0.9,
      paper: "Table 1, an LSTM trained on 5 to 50 points",
      reported: 0.92,
    },
    {
      claim: "and what it says covers 95 % of the area",
      value: (result) => result.coveredArea,
      atLeast: 0.95,
      paper: "Table 1, of 50 points",
      reported: 0.999,
    },
  ],
});
