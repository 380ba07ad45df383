/** Does my rule follow a sine as closely as AdamW? */
import { compile, grad, mean, mul, Optimizer, sin, sqrt, square, sub, tanh, tensor, uniform } from "@ansatz/core";
import { experiment } from "@ansatz/lab";
import { Linear, meanSquaredError, Sequential } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";
import { myRule } from "@ansatz/optim-my-rule";

const rules = { mine: myRule, adamw };

export default experiment({
  question: "Does my rule follow a sine as closely as AdamW?",
  settings: {
    rule: { default: "mine", description: "the update rule", choices: ["mine", "adamw"] },
    learningRate: { default: 0.1, description: "of the update rule", least: 0 },
    width: { default: 32, description: "features of the hidden layer", whole: true, least: 1 },
    batch: { default: 64, description: "points per step", whole: true, least: 1 },
    steps: { default: 600, description: "updates", whole: true, least: 1 },
  },
  quick: { steps: 30 },
  baselines: { adamw: { rule: "adamw" } },
  tune: { setting: "learningRate", values: [0.003, 0.01, 0.03, 0.1], lowest: "error" }, // for both rules

  async run({ settings, random, steps, log }) {
    const { rule, learningRate, width, batch } = settings;
    const model = new Sequential(new Linear(1, width, { random }), tanh, new Linear(width, 1, { random }));
    const optimizer = new Optimizer(model, rules[rule], { learningRate });

    const train = compile(() => {
      const x = mul(sub(uniform(random.next(), [batch, 1]), 0.5), 2 * Math.PI); // from −π to π
      const loss = meanSquaredError(model.forward(x), sin(x));
      optimizer.update(grad(loss, model.parameters()));
      return loss;
    });
    for await (const _step of steps(settings.steps, { model, optimizer })) await log({ loss: await train() });

    const x = tensor(Array.from({ length: 201 }, (_, i) => [((i - 100) / 100) * Math.PI]));
    return { error: await sqrt(mean(square(sub(model.forward(x), sin(x))))).item() };
  },

  claims: [
    { claim: "my rule learns a sine: the error's root mean square", value: ({ error }) => error, atMost: 0.2 },
    {
      claim: "it comes closer than AdamW, by",
      value: ({ error }, { adamw }) => adamw!.error - error,
      moreThan: 0,
    },
  ],
});
