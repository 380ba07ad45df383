import {
  argmax,
  cast,
  compile,
  equal,
  full,
  grad,
  mean,
  Optimizer,
  RandomStream,
  reshape,
  type Tensor,
} from "@ansatz/core";
import { DataLoader, mnist, subset } from "@ansatz/data";
import { evaluation } from "@ansatz/lab";
import { crossEntropy, kaimingNormal, Linear, Sequential } from "@ansatz/nn";
import { adam, cosine } from "@ansatz/optim";
import { activations } from "./activations.ts";
import { Watched, type Activation } from "./dead-units.ts";
import type { Options, Task } from "./task.ts";

type Digits = Readonly<Record<"image" | "label", Tensor>>; // [batch, 1, 28, 28] and [batch]

/** How much faster than the tuned rate each copy of the perceptron learns, and the ending of its figures. */
const factors = { "": 1, AtTenfold: 10, AtHundredfold: 100 };

/** A perceptron with three hidden layers, with weights as in He et al. 2015 and a given bias of all hidden units. */
export function perceptron(
  activation: Activation,
  { width, bias, random }: Pick<Options, "width" | "bias" | "random">,
) {
  const hidden = (inputs: number) => {
    const layer = new Linear(inputs, width, { initializer: kaimingNormal(), random });
    layer.bias!.assign(full([width], bias));
    return layer;
  };
  return new Sequential(
    hidden(784),
    activation,
    hidden(width),
    activation,
    hidden(width),
    activation,
    new Linear(width, 10, { initializer: kaimingNormal({ nonlinearity: "linear" }), random }),
  );
}

/** Reading digits: three copies of one perceptron, which only differ in their learning rates. */
export function digits(options: Options): Task {
  const { batch, steps, learningRate, random } = options;
  const [start, shuffle] = [random.next(), random.next()];
  const copies = Object.entries(factors).map(([ending, factor]) => {
    const watched = new Watched(activations[options.activation]!);
    const model = perceptron(watched.apply, { ...options, random: new RandomStream(start) });
    const optimizer = new Optimizer(model, adam, { learningRate: cosine(factor * learningRate, steps) });
    return { ending, watched, model, optimizer };
  });
  const training = new DataLoader(subset(mnist("train"), 0, 20_000), { batchSize: batch, shuffle, dropLast: true });
  const unseen = () => new DataLoader(mnist("test"), { batchSize: 500 });
  const logits = (model: Sequential, image: Tensor) => model.forward(reshape(image, [-1, 784]));

  const train = compile(({ image, label }: Digits) => {
    const losses = copies.map(({ model, optimizer }) => {
      const loss = crossEntropy(logits(model, image), label);
      optimizer.update(grad(loss, model.parameters()));
      return loss;
    });
    return losses[0]!;
  });
  const dead = compile(({ image }: Digits) =>
    Object.fromEntries(
      copies.map(({ ending, watched, model }) => [`dead${ending}`, watched.deadIn(() => logits(model, image))]),
    ),
  );
  return {
    parts: {
      training,
      ...Object.fromEntries(
        copies.flatMap(({ ending, model, optimizer }) => [
          [`model${ending}`, model],
          [`optimizer${ending}`, optimizer],
        ]),
      ),
    },
    train: async () => train(await training.next()),
    dead: async () => dead(await unseen().next()),
    validate: async () => {
      const found = await Promise.all(
        copies.map(async ({ ending, model }) => {
          const figures = await evaluation(model, ({ image, label }: Digits) => ({
            validationLoss: crossEntropy(logits(model, image), label),
            accuracy: mean(cast(equal(argmax(logits(model, image)), label), "float32")),
          }))(unseen(), { most: options.validationBatches });
          return Object.entries(figures).map(([name, value]) => [name + ending, value] as const);
        }),
      );
      return Object.fromEntries(found.flat());
    },
  };
}
