/**
 * How close to the shortest tour does a pointer network come?
 *
 * Vinyals, Fortunato & Jaitly 2015, arXiv:1506.03134, Section 4.4 and Table 2: a network learns from solved problems to
 * say the places of a tour in order. Points have no order, so an encoder without positions reads them (Vinyals, Bengio
 * & Kudlur 2015, arXiv:1511.06391, on sets); the paper's LSTM is a baseline.
 */
import { compile, grad, Optimizer } from "@ansatz/core";
import { DataLoader, type BatchOf } from "@ansatz/data";
import { experiment, writeText } from "@ansatz/lab";
import { crossEntropy } from "@ansatz/nn";
import { eachOnce, fixedChoice, lstmEncoder, PointerNetwork, transformerEncoder } from "@ansatz/nn-pointer";
import { adam, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { judged } from "./judged.ts";
import { pictureOf } from "./picture.ts";
import { fromTheLeft, mirrored, problemsOf } from "./problems.ts";

export default experiment({
  question: "How close to the shortest tour does a pointer network come?",
  paper: "Vinyals, Fortunato & Jaitly 2015, arXiv:1506.03134",
  settings: {
    places: {
      default: 10,
      description: "points of each problem; above 12, tours are those of 2-opt",
      whole: true,
      least: 3,
    },
    encoder: { default: "set", description: "what reads the points", choices: ["set", "sequence"] },
    answer: {
      default: "pointing",
      description: "how a place is chosen: by pointing, or by a layer with a class for each place",
      choices: ["pointing", "classes with attention", "classes"],
    },
    hidden: { default: 64, description: "features of the states", whole: true, least: 4 },
    layers: { default: 2, description: "Transformer blocks of the set encoder", whole: true, least: 1 },
    glimpses: { default: 0, description: "how often the decoder attends before it points", whole: true, least: 0 },
    examples: { default: 30_000, description: "solved problems to learn from", whole: true, least: 1 },
    batch: { default: 128, description: "problems a step", whole: true, least: 1 },
    steps: { default: 1_500, description: "updates", whole: true, least: 2 },
    learningRate: { default: 2e-3, description: "of Adam, after a warm-up falling along a cosine", least: 0 },
    beams: { default: 16, description: "tours that are followed at once", whole: true, least: 1 },
    unseen: { default: 1_000, description: "problems to judge it by", whole: true, least: 4 },
  },
  quick: { places: 5, hidden: 16, layers: 1, examples: 1_000, batch: 32, steps: 200, learningRate: 1e-2, unseen: 100 },
  baselines: {
    five: { places: 5 },
    twenty: { places: 20 },
    sequence: { encoder: "sequence" },
    attention: { encoder: "sequence", answer: "classes with attention" },
    classes: { encoder: "sequence", answer: "classes" },
  },
  tune: { setting: "learningRate", values: [1e-3, 2e-3, 4e-3, 8e-3], lowest: "lengthRatio" },

  async run({ settings, random, steps, log, folder }) {
    const { places, answer, hidden, layers, glimpses, examples, beams, unseen } = settings;
    const choice = fixedChoice({ places, attention: answer === "classes with attention" });
    const model = new PointerNetwork({
      inputs: 2,
      hidden,
      glimpses,
      encoder: settings.encoder === "set" ? transformerEncoder({ layers, heads: 4 }) : lstmEncoder(),
      ...(answer !== "pointing" && { choice }),
      random,
    });
    const warm = Math.max(1, Math.floor(settings.steps / 20));
    const learningRate = warmup(warm, cosine(settings.learningRate, settings.steps - warm));
    const optimizer = new Optimizer(model, adam, { learningRate });
    const problems = await problemsOf(random.next(), { count: examples, places });
    const batchSize = Math.min(settings.batch, examples);
    const loader = new DataLoader(problems, { batchSize, shuffle: random.next(), dropLast: true });

    const train = compile(({ points, tour }: BatchOf<typeof loader>) => {
      const seen = mirrored(points, random);
      const order = fromTheLeft(seen, tour);
      const loss = crossEntropy(model.forward(seen, order, { constraint: eachOnce }), order);
      optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
      return loss;
    });
    for await (const _step of steps(settings.steps, { model, optimizer, loader }))
      await log({ loss: await train(await loader.next()) });

    const { drawn, ...figures } = await judged(model, random.next(), { count: unseen, places, beams });
    await writeText(folder, "tours.svg", pictureOf(drawn));
    return figures;
  },

  claims: [
    {
      claim: "tours of 10 points are at most 2 % longer than the shortest",
      value: (result) => result.lengthRatio,
      atMost: 1.02,
      paper: "Table 2: 2.88 and 2.87",
      reported: 1.0035,
    },
    {
      claim: "tours of 5 points are at most 1 % longer",
      value: (_result, { five }) => five!.lengthRatio,
      atMost: 1.01,
      paper: "Table 2: 2.12 and 2.12",
      reported: 1,
    },
    {
      claim: "tours of 20 points are at most 5 % longer than those of 2-opt",
      value: (_result, { twenty }) => twenty!.lengthRatio,
      atMost: 1.05,
      paper: "Table 2: 3.88, trained on 5 to 20 points",
    },
    {
      claim: "following 16 tours at once gives shorter ones than saying the likeliest place",
      value: (result) => result.greedyRatio - result.lengthRatio,
      moreThan: 0,
    },
    {
      claim: "an encoder of sets finds shorter tours than the LSTM",
      value: (result, { sequence }) => sequence!.lengthRatio - result.lengthRatio,
      moreThan: 0,
      paper: "Vinyals, Bengio & Kudlur 2015, Section 4.4, of sorting",
    },
    {
      claim: "with that LSTM, pointing finds shorter tours than classes with attention",
      value: (_result, { sequence, attention }) => attention!.lengthRatio - sequence!.lengthRatio,
      moreThan: 0,
      paper: "Table 1, of convex hulls",
    },
    {
      claim: "attention finds shorter tours than none",
      value: (_result, { attention, classes }) => classes!.lengthRatio - attention!.lengthRatio,
      moreThan: 0,
      paper: "Table 1, of convex hulls",
    },
  ],
});
