import {
  compile,
  grad,
  Module,
  Optimizer,
  relu,
  sum,
  tensor,
  uniform,
  type RandomStream,
  type Tensor,
} from "@ansatz/core";
import { Dropout, Linear, meanSquaredError } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";
import { EarlyStopping } from "../trainer/early-stopping.ts";
import { ExponentialMovingAverage } from "../trainer/exponential-moving-average.ts";
import { experiment } from "../experiment/experiment.ts";

class SumNetwork extends Module {
  readonly hidden;
  readonly dropout;
  readonly output;

  constructor(random: RandomStream) {
    super();
    this.hidden = new Linear(2, 4, { random });
    this.dropout = new Dropout(0.2, { random });
    this.output = new Linear(4, 1, { random });
  }
}

/**
 * An experiment with everything that a checkpoint must hold: dropout, batches drawn from a stream, moments, an average
 * of the weights, early stopping.
 */
export default experiment({
  question: "Does a small network learn the sum of two numbers?",
  paper: "Nobody 2026",
  settings: {
    steps: { default: 12, description: "updates", whole: true, least: 1 },
    learningRate: 0.05,
    saveEvery: 4,
    patience: 100,
    label: "none",
  },
  quick: { steps: 3 },
  baselines: { slow: { learningRate: 1e-6 } },
  async run({ settings, random, steps, log, sample, interrupt }) {
    const model = new SumNetwork(random);
    const optimizer = new Optimizer(model, adamw, { learningRate: settings.learningRate });
    const average = new ExponentialMovingAverage(model, { decay: 0.9 });
    const stopping = new EarlyStopping({ patience: settings.patience });
    const train = compile((x: Tensor) => {
      const loss = meanSquaredError(
        model.output.forward(model.dropout.forward(relu(model.hidden.forward(x)))),
        sum(x, 1, { keepDims: true }),
      );
      optimizer.update(grad(loss, model.parameters()));
      average.update();
      return loss;
    });
    for await (const step of steps(
      settings.steps,
      { model, optimizer, average, stopping },
      { saveEvery: settings.saveEvery, each: { rows: 8 } },
    )) {
      const loss = await train(tensor(await uniform(random.next(), [8, 2]).data(), { shape: [8, 2] }));
      await log({ loss });
      stopping.observe(await loss.item());
      if (step % 5 === 0) sample(`at step ${step}`);
    }
    interrupt.check();
    let sumOfWeights = 0;
    for (const { data } of Object.values(await average.weights())) for (const value of data) sumOfWeights += value;
    await log({ sumOfWeights });
    return { sumOfWeights, best: stopping.best ?? NaN, steps: optimizer.step };
  },
  claims: [
    { claim: "it learns", value: (result) => result.best, atMost: 1, paper: "Section 1", reported: 0.5 },
    {
      claim: "it learns more than with hardly any learning rate",
      value: (result, { slow }) => slow!.best - result.best,
      atLeast: 100,
    },
  ],
});
