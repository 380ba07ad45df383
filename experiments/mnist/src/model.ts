import { ArgumentError, flatten, maxPool, relu, type RandomStream, type Tensor } from "@ansatz/core";
import {
  BatchNorm,
  Conv2d,
  Dropout,
  FeatureDropout,
  type Layer,
  Linear,
  Residual,
  Sequential,
  StochasticDepth,
} from "@ansatz/nn";

export interface ModelOptions {
  readonly kind: string;
  readonly regulariser: string;
  /** The probability that dropout drops a feature, and stochastic depth a layer. */
  readonly probability: number;
  readonly random: RandomStream;
}

const rows = (x: Tensor): Tensor => flatten(x, 1); // [batch, ...] -> [batch, features]

/**
 * A perceptron with two hidden layers, the second in a residual connection, or the two convolutions of LeNet with
 * pooling and one hidden layer. Images are [batch, 1, 28, 28].
 *
 * @throws ArgumentError for stochastic depth without a residual connection
 */
export function makeModel({ kind, regulariser, probability, random }: ModelOptions): Sequential {
  if (kind === "cnn" && regulariser === "stochasticDepth")
    throw new ArgumentError(
      "stochasticDepth needs a residual connection, and cnn has none\n  use --model mlp, or another regulariser",
    );
  const when = (name: string, layer: () => Layer): Layer[] => (regulariser === name ? [layer()] : []);
  const dense = (inputs: number, outputs: number): Layer[] => [
    new Linear(inputs, outputs, { random }),
    ...when("batchNorm", () => new BatchNorm(outputs)),
    relu,
    ...when("dropout", () => new Dropout(probability, { random })),
  ];
  const convolution = (inputs: number, outputs: number): Layer[] => [
    new Conv2d(inputs, outputs, 5, { random }),
    ...when("batchNorm", () => new BatchNorm(outputs)),
    relu,
    (x) => maxPool(x, 2),
    ...when("dropout", () => new FeatureDropout(probability / 2, { random })),
  ];
  const drop = regulariser === "stochasticDepth" ? { drop: new StochasticDepth(probability, { random }) } : {};
  const features =
    kind === "cnn"
      ? [...convolution(1, 16), ...convolution(16, 32), rows, ...dense(512, 128)]
      : [rows, ...dense(784, 256), new Residual(new Sequential(...dense(256, 256)), drop)];
  return new Sequential(...features, new Linear(kind === "cnn" ? 128 : 256, 10, { random }));
}
