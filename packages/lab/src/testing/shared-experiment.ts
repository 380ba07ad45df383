import {
  ArgumentError,
  compile,
  grad,
  meanOverRanks,
  Optimizer,
  relu,
  shareOfRank,
  sum,
  tensor,
  uniform,
  type Tensor,
} from "@ansatz/core";
import { Dropout, Linear, meanSquaredError, Sequential } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";
import { experiment } from "../experiment/experiment.ts";
import { evaluation } from "../trainer/evaluation.ts";

/** An experiment that divides its batches among processes. */
export default experiment({
  question: "Do several processes learn what one learns?",
  settings: {
    steps: { default: 12, description: "updates", whole: true, least: 1 },
    batch: 8,
    dropout: 0,
    saveEvery: 4,
    failingRank: { default: -1, description: "the rank that fails in step 3" },
  },
  dividesBatches: true,
  async run({ settings, random, steps, log, sample, print, interrupt, communicator }) {
    const model = new Sequential(
      new Linear(2, 6, { random }),
      relu,
      new Dropout(settings.dropout, { random }),
      new Linear(6, 1, { random }),
    );
    const optimizer = new Optimizer(model, adamw, { learningRate: 0.05 });
    const lossOf = (x: Tensor) => meanSquaredError(model.forward(x), sum(x, 1, { keepDims: true }));
    const train = compile((x: Tensor) => {
      const own = lossOf(shareOfRank(x, communicator));
      const { loss, gradients } = meanOverRanks({ loss: own, gradients: grad(own, model.parameters()) }, communicator);
      optimizer.update(gradients);
      return loss;
    });
    const draw = async (): Promise<Tensor> => {
      const shape = [settings.batch, 2];
      return tensor(await uniform(random.next(), shape).data(), { shape });
    };
    for await (const step of steps(settings.steps, { model, optimizer }, { saveEvery: settings.saveEvery })) {
      await log({ loss: await train(await draw()) });
      if (step === 3 && communicator.rank === settings.failingRank)
        throw new ArgumentError(`step ${step} fails\n  choose another rank`);
    }
    const batches = await Promise.all(Array.from({ length: 3 }, draw)); // fewer than four processes
    const evaluate = evaluation(model, (x: Tensor) => ({ error: lossOf(x) }), { communicator });
    const { error } = await evaluate(batches, { beforeBatch: () => interrupt.check() });
    sample(`rank ${communicator.rank}`);
    print(`printed by rank ${communicator.rank}`);
    return { error };
  },
});
