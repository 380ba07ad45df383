import {
  flatten,
  key,
  maxPool,
  mean,
  Module,
  normal,
  Optimizer,
  randomIntegers,
  relu,
  type Tensor,
} from "@ansatz/core";
import { BatchNorm, Conv2d, Linear, Residual, Sequential } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";
import { classifying } from "./classifying.ts";
import type { Work } from "./work.ts";

const pool = (x: Tensor): Tensor => maxPool(x, 2);
const rows = (x: Tensor): Tensor => flatten(x, 1); // [batch, ...] -> [batch, features]
const spatialMean = (x: Tensor): Tensor => mean(x, [2, 3]);

/** As large as LeNet: two convolutions of 5 × 5 with maximum pooling, and a hidden layer. */
function lenet(): Sequential {
  return new Sequential(
    new Conv2d(1, 16, 5),
    relu,
    pool,
    new Conv2d(16, 32, 5),
    relu,
    pool,
    rows,
    new Linear(512, 128),
    relu,
    new Linear(128, 10),
  );
}

/** A small residual network: a convolution, then three blocks of two, each with 16 filters of 3 × 3 and BatchNorm. */
function residualNetwork(): Sequential {
  const filter = (inputs: number) => [new Conv2d(inputs, 16, 3, { padding: 1, bias: false }), new BatchNorm(16)];
  const blocks = [1, 2, 3].flatMap(() => [new Residual(new Sequential(...filter(16), relu, ...filter(16))), relu]);
  return new Sequential(...filter(3), relu, ...blocks, spatialMean, new Linear(16, 10));
}

interface Images {
  readonly model: "lenet" | "resnet";
  readonly shape: readonly [batch: number, channels: number, rows: number, columns: number];
  readonly steps: number;
}

const models: Readonly<Record<Images["model"], () => Module & { forward(x: Tensor): Tensor }>> = {
  lenet,
  resnet: residualNetwork,
};

/** A convolutional network that classifies images, with AdamW. */
export function convolutional({ model: name, shape, steps }: Images): Work {
  return {
    steps,
    torch: ["convolutional.py", name, ...[...shape, steps].map(String)],
    build() {
      const model = models[name]();
      const optimizer = new Optimizer(model, adamw, { learningRate: 1e-3 });
      const images = normal(key(1), shape);
      const labels = randomIntegers(key(2), [shape[0]], { high: 10 });
      return classifying(model, optimizer, () => [images, labels]);
    },
  };
}
