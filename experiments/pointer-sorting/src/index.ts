/**
 * Does a network that points at its input learn to sort numbers?
 *
 * Vinyals, Fortunato & Jaitly 2015, arXiv:1506.03134: the answer at each step is a place of the input, by the weights
 * of attention. Sorting is the task of Vinyals, Bengio & Kudlur 2015, arXiv:1511.06391, who read the numbers as a set.
 */
import { all, ArgumentError, cast, compile, equal, expandDims, grad, Optimizer, type RandomKey } from "@ansatz/core";
import { DataLoader, sorting, type BatchOf } from "@ansatz/data";
import { experiment, writeText } from "@ansatz/lab";
import { crossEntropy } from "@ansatz/nn";
import { eachOnce, fixedChoice, lstmEncoder, PointerNetwork, transformerEncoder } from "@ansatz/nn-pointer";
import { adam, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { mean } from "simple-statistics";
import { pictureOf, type Sorted } from "./picture.ts";

type Found = {
  readonly exactlySorted: number;
  readonly exactlySortedLongest: number;
  readonly rightPlaces: number;
  readonly rightPlacesAtTwiceTheLength?: number;
};

export default experiment({
  question: "Does a network that points at its input learn to sort numbers?",
  paper: "Vinyals, Fortunato & Jaitly 2015, arXiv:1506.03134",
  settings: {
    encoder: { default: "set", description: "what reads the numbers", choices: ["set", "sequence"] },
    answer: {
      default: "pointing",
      description: "how a place is chosen: by pointing, or by a layer with a class for each place",
      choices: ["pointing", "classes with attention", "classes"],
    },
    shortest: { default: 5, description: "numbers in the shortest lists to learn from", whole: true, least: 1 },
    longest: { default: 10, description: "numbers in the longest", whole: true, least: 2 },
    hidden: { default: 64, description: "features of the states", whole: true, least: 4 },
    layers: { default: 2, description: "Transformer blocks of the set encoder", whole: true, least: 1 },
    examples: { default: 50_000, description: "lists of each length to learn from", whole: true, least: 1 },
    batch: { default: 64, description: "lists a step", whole: true, least: 1 },
    steps: { default: 2_000, description: "updates", whole: true, least: 2 },
    learningRate: { default: 2e-3, description: "of Adam, after a warm-up falling along a cosine", least: 0 },
  },
  quick: { shortest: 2, longest: 3, hidden: 16, layers: 1, examples: 500, batch: 32, steps: 150, learningRate: 1e-2 },
  baselines: {
    sequence: { encoder: "sequence" },
    attention: { encoder: "sequence", answer: "classes with attention" },
    classes: { encoder: "sequence", answer: "classes" },
  },
  tune: { setting: "learningRate", values: [2e-3, 4e-3, 8e-3, 1.6e-2], highest: "exactlySorted" },
  seeds: 5,

  async run({ settings, random, steps, log, folder }): Promise<Found> {
    const { answer, shortest, longest, hidden, layers, examples } = settings;
    if (shortest > longest)
      throw new ArgumentError(
        `shortest is ${shortest} but longest is ${longest}\n  use a shortest that isn't above longest`,
      );
    const lengths = Array.from({ length: longest - shortest + 1 }, (_, i) => shortest + i);
    const choice = fixedChoice({ places: longest, attention: answer === "classes with attention" });
    const model = new PointerNetwork({
      inputs: 1,
      hidden,
      encoder: settings.encoder === "set" ? transformerEncoder({ layers, heads: 4 }) : lstmEncoder(),
      ...(answer !== "pointing" && { choice }),
      random,
    });
    const warm = Math.max(1, Math.floor(settings.steps / 20));
    const learningRate = warmup(warm, cosine(settings.learningRate, settings.steps - warm));
    const optimizer = new Optimizer(model, adam, { learningRate });
    const batchSize = Math.min(settings.batch, examples);
    const loaders = lengths.map((length) => {
      const lists = sorting(random.next(), { count: examples, length });
      return new DataLoader(lists, { batchSize, shuffle: random.next(), dropLast: true });
    });

    const train = compile(({ input, order }: BatchOf<(typeof loaders)[number]>) => {
      const loss = crossEntropy(model.forward(expandDims(input, 2), order, { constraint: eachOnce }), order);
      optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 2));
      return loss;
    });
    const parts = Object.fromEntries(loaders.map((loader, i) => [`loader${lengths[i]}`, loader] as const));
    for await (const step of steps(settings.steps, { model, optimizer, ...parts })) {
      const loader = loaders[step % loaders.length]!; // each length in turn
      await log({ loss: await train(await loader.next()) });
    }

    /**
     * Of lists that it never saw: the share that is sorted without a mistake, and the share of places that are right.
     */
    const sorted = async (key: RandomKey, length: number): Promise<Sorted> => {
      const lists = sorting(key, { count: 1_000, length });
      const { input, order } = lists.batch(Int32Array.from({ length: 1_000 }, (_, i) => i));
      const right = equal(model.greedy(expandDims(input, 2), { constraint: eachOnce }), order);
      return {
        length,
        exactly: await cast(all(right, 1), "float32").mean().item(),
        places: await cast(right, "float32").mean().item(),
      };
    };
    const beyond = answer === "pointing" ? [1.25, 1.5, 1.75, 2] : []; // a layer has no more places
    const found: Sorted[] = [];
    for (const length of [...lengths, ...beyond.map((factor) => Math.round(factor * longest))])
      found.push(await sorted(random.next(), length));
    await writeText(folder, "lengths.svg", await pictureOf(found, longest));
    const taught = found.slice(0, lengths.length);
    return {
      exactlySorted: mean(taught.map(({ exactly }) => exactly)),
      exactlySortedLongest: taught.at(-1)!.exactly,
      rightPlaces: mean(taught.map(({ places }) => places)),
      ...(beyond.length > 0 && { rightPlacesAtTwiceTheLength: found.at(-1)!.places }),
    };
  },

  claims: [
    {
      claim: "it sorts 95 % of unseen lists of the lengths that it was taught without a mistake",
      value: (result) => result.exactlySorted,
      atLeast: 0.95,
    },
    {
      claim: "with the LSTM of the paper, pointing sorts more of them than classes with attention",
      value: (_result, { sequence, attention }) => sequence!.exactlySorted - attention!.exactlySorted,
      moreThan: 0,
      paper: "Table 1, of convex hulls",
    },
    {
      claim: "attention sorts more of them than none",
      value: (_result, { attention, classes }) => attention!.exactlySorted - classes!.exactlySorted,
      moreThan: 0,
      paper: "Table 1, of convex hulls",
    },
    {
      claim: "an encoder of sets sorts more of them than that LSTM",
      value: (result, { sequence }) => result.exactlySorted - sequence!.exactlySorted,
      moreThan: 0,
      paper: "Vinyals, Bengio & Kudlur 2015, Section 4.4",
    },
    {
      claim: "at twice the length, which it was never taught, half of the places are right",
      value: (result) => result.rightPlacesAtTwiceTheLength!,
      atLeast: 0.5,
      paper: "Section 4.2",
    },
  ],
});
