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
  mean,
  neg,
  Optimizer,
  takeAlongAxis,
  type RandomKey,
} from "@ansatz/core";
import { DataLoader, sorting } from "@ansatz/data";
import { experiment } from "@ansatz/lab";
import { adam, clipByGlobalNorm, cosine } from "@ansatz/optim";
import { Sorter } from "./sorter.ts";

export default experiment({
  question: "Does a network that points at its input learn to sort numbers?",
  paper: "Vinyals, Fortunato & Jaitly 2015, arXiv:1506.03134",
  settings: {
    pointing: {
      default: true,
      description: "whether attention points; if not, it mixes the inputs, and a layer chooses among places",
    },
    length: { default: 5, description: "numbers to sort", whole: true, least: 2 },
    hidden: { default: 64, description: "features of the states", whole: true, least: 1 },
    examples: { default: 50_000, description: "lists to learn from", whole: true, least: 1 },
    batch: { default: 128, description: "lists a step", whole: true, least: 1 },
    steps: { default: 2_000, description: "updates", whole: true, least: 1 },
    learningRate: { default: 5e-3, description: "of Adam, falling along a cosine", least: 0 },
  },
  quick: { length: 3, hidden: 16, examples: 500, batch: 32, steps: 150 },
  baselines: { mixing: { pointing: false } },

  async run({ settings, random, steps, log }) {
    const { pointing, length, batch } = settings;
    const model = new Sorter({ ...settings }, random);
    const optimizer = new Optimizer(model, adam, { learningRate: cosine(settings.learningRate, settings.steps) });
    const loader = new DataLoader(sorting(random.next(), { count: settings.examples, length }), {
      batchSize: Math.min(batch, settings.examples),
      shuffle: random.next(),
      dropLast: true,
    });

    const train = compile(({ input, order }: Awaited<ReturnType<typeof loader.next>>) => {
      const { logProbabilities } = model.forward(input, order);
      const loss = neg(mean(takeAlongAxis(logProbabilities, expandDims(order, 2), 2)));
      optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 2));
      return loss;
    });
    for await (const _step of steps(settings.steps, { model, optimizer, loader }))
      await log({ loss: await train(await loader.next()) });

    /**
     * Of lists that it never saw: the share that is sorted without a mistake, and the share of places that are right.
     */
    const sorted = async (key: RandomKey, count: number) => {
      const { input, order } = await new DataLoader(sorting(key, { count: 1_000, length: count }), {
        batchSize: 1_000,
      }).next();
      const right = equal(model.forward(input).places, order);
      return {
        exactly: await mean(cast(all(right, 1), "float32")).item(),
        places: await mean(cast(right, "float32")).item(),
      };
    };
    const unseen = await sorted(random.next(), length);
    const longer = pointing ? await sorted(random.next(), 2 * length) : { places: 0 }; // a layer has no more places
    return { exactlySorted: unseen.exactly, rightPlaces: unseen.places, rightPlacesAtTwiceTheLength: longer.places };
  },

  claims: [
    {
      claim: "it sorts lists that it never saw, each without a mistake",
      value: (result) => result.exactlySorted,
      atLeast: 0.95,
    },
    {
      claim: "pointing sorts more of them than choosing among places",
      value: (result, { mixing }) => result.exactlySorted - mixing!.exactlySorted,
      atLeast: 0,
      paper: "Table 1, of convex hulls",
    },
    {
      claim: "at twice the length, which it was never taught, half of the places are right",
      value: (result) => result.rightPlacesAtTwiceTheLength,
      atLeast: 0.5,
      paper: "Section 4.2",
    },
  ],
});
