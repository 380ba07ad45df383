/** How closely does a small network follow a sine? */
import { abs, compile, grad, max, mul, Optimizer, sin, sub, tanh, tensor, uniform } from "@ansatz/core";
import { experiment } from "@ansatz/lab";
import { Linear, meanSquaredError, Sequential } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";

export default experiment({
  question: "How closely does a small network follow a sine?",
  settings: {
    width: { default: 32, description: "features of the hidden layer", whole: true, least: 1 },
    learningRate: { default: 0.01, description: "learning rate of AdamW", least: 0 },
    batch: { default: 64, description: "points per step", whole: true, least: 1 },
    steps: { default: 600, description: "updates", whole: true, least: 1 },
  },
  quick: { steps: 30 },
  baselines: { narrow: { width: 2 } },

  async run({ settings, random, steps, log }) {
    const { width, learningRate, batch } = settings;
    const model = new Sequential(new Linear(1, width, { random }), tanh, new Linear(width, 1, { random }));
    const optimizer = new Optimizer(model, adamw, { learningRate });

    const train = compile(() => {
      const x = mul(sub(uniform(random.next(), [batch, 1]), 0.5), 2 * Math.PI); // from −π to π
      const loss = meanSquaredError(model.forward(x), sin(x));
      optimizer.update(grad(loss, model.parameters()));
      return loss;
    });

    for await (const _step of steps(settings.steps, { model, optimizer })) await log({ loss: await train() });

    const x = tensor(Array.from({ length: 201 }, (_, i) => [((i - 100) / 100) * Math.PI]));
    return { largestError: await max(abs(sub(model.forward(x), sin(x)))).item() };
  },

  claims: [
    { claim: "it is never far off", value: (result) => result.largestError, atMost: 0.2 },
    {
      claim: "two features are not enough",
      value: (result, { narrow }) => narrow!.largestError - result.largestError,
      moreThan: 0,
    },
  ],
});
