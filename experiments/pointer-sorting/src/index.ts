/**
 * Does a network that points at its input learn to sort numbers?
 *
 * Vinyals, Fortunato & Jaitly 2015, arXiv:1506.03134: the answer at each step is a place of the input, by the weights
 * of attention. Sorting is the task of Vinyals, Bengio & Kudlur 2015, arXiv:1511.06391.
 */
import {
  all,
  cast,
  compile,
  equal,
  expandDims,
  grad,
  neg,
  Optimizer,
  takeAlongAxis,
  type RandomKey,
} from "@ansatz/core";
import { DataLoader, sorting, type BatchOf } from "@ansatz/data";
import { experiment } from "@ansatz/lab";
import { adam, clipByGlobalNorm, cosine } from "@ansatz/optim";
import { mean } from "simple-statistics";
import { Sorter } from "./sorter.ts";

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
    pointing: {
      default: true,
      description: "whether attention points; if not, it mixes the inputs, and a layer chooses among places",
    },
    shortest: { default: 2, description: "numbers in the shortest lists to learn from", whole: true, least: 1 },
    longest: { default: 6, description: "numbers in the longest", whole: true, least: 2 },
    hidden: { default: 64, description: "features of the states", whole: true, least: 1 },
    examples: { default: 50_000, description: "lists of each length to learn from", whole: true, least: 1 },
    batch: { default: 128, description: "lists a step", whole: true, least: 1 },
    steps: { default: 4_000, description: "updates", whole: true, least: 1 },
    learningRate: { default: 5e-3, description: "of Adam, falling along a cosine", least: 0 },
  },
  quick: { shortest: 2, longest: 3, hidden: 16, examples: 500, batch: 32, steps: 150 },
  baselines: { mixing: { pointing: false } },
  seeds: 5,

  async run({ settings, random, steps, log }): Promise<Found> {
    const { pointing, shortest, longest, examples } = settings;
    const lengths = Array.from({ length: longest - shortest + 1 }, (_, i) => shortest + i);
    const model = new Sorter(settings, random);
    const optimizer = new Optimizer(model, adam, { learningRate: cosine(settings.learningRate, settings.steps) });
    const batchSize = Math.min(settings.batch, examples);
    const loaders = lengths.map((length) => {
      const lists = sorting(random.next(), { count: examples, length });
      return new DataLoader(lists, { batchSize, shuffle: random.next(), dropLast: true });
    });

    const train = compile(({ input, order }: BatchOf<(typeof loaders)[number]>) => {
      const { logProbabilities } = model.forward(input, order);
      const loss = neg(takeAlongAxis(logProbabilities, expandDims(order, 2), 2).mean());
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
    const sorted = async (key: RandomKey, count: number) => {
      const { input, order } = await new DataLoader(sorting(key, { count: 1_000, length: count }), {
        batchSize: 1_000,
      }).next();
      const right = equal(model.forward(input).places, order);
      return {
        exactly: await cast(all(right, 1), "float32").mean().item(),
        places: await cast(right, "float32").mean().item(),
      };
    };
    const unseen: Awaited<ReturnType<typeof sorted>>[] = [];
    for (const length of lengths) unseen.push(await sorted(random.next(), length));
    const longer = await (pointing ? sorted(random.next(), 2 * longest) : undefined); // a layer has no more places
    return {
      exactlySorted: mean(unseen.map(({ exactly }) => exactly)),
      exactlySortedLongest: unseen.at(-1)!.exactly,
      rightPlaces: mean(unseen.map(({ places }) => places)),
      ...(longer !== undefined && { rightPlacesAtTwiceTheLength: longer.places }),
    };
  },

  claims: [
    {
      claim: "it sorts 95 % of unseen lists of the lengths that it was taught without a mistake",
      value: (result) => result.exactlySorted,
      atLeast: 0.95,
    },
    {
      claim: "pointing sorts more of them than choosing among places",
      value: (result, { mixing }) => result.exactlySorted - mixing!.exactlySorted,
      moreThan: 0,
      paper: "Table 1, of convex hulls",
    },
    {
      claim: "at twice the length, which it was never taught, half of the places are right",
      value: (result) => result.rightPlacesAtTwiceTheLength!,
      atLeast: 0.5,
      paper: "Section 4.2",
    },
  ],
});
