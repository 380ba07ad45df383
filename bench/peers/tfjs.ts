/**
 * Measures tfjs itself, with its own autodiff and Adam, on one of its backends, and prints the result as JSON.
 * `tfjs.ts mlp|cnn tfjs-wasm|tfjs-native`
 */
import { tfjsNode } from "@ansatz/backend-tfjs-node";
import { wasm } from "@ansatz/backend-wasm";
import { ArgumentError } from "@ansatz/core";
import * as tf from "@tensorflow/tfjs";
import { measure, type PeerStep } from "./measure.ts";

const [work = "", engine = ""] = process.argv.slice(2);
const starts = { "tfjs-wasm": [wasm, "wasm"], "tfjs-native": [tfjsNode, "tensorflow"] } as const;
if (!Object.hasOwn(starts, engine))
  throw new ArgumentError(`there is no engine "${engine}"\n  use ${Object.keys(starts).join(" or ")}`);
const [start, backend] = starts[engine as keyof typeof starts];
await start(); // so that it has the same threads and native part as Ansatz's backend
await tf.setBackend(backend);

const variable = (...shape: number[]): tf.Variable => tf.variable(tf.randomNormal(shape, 0, 0.05));
const labels = tf.oneHot(tf.randomUniform([64], 0, 10, "int32"), 10);

/** A training step by Adam of a network that classifies images. */
function training(variables: tf.Variable[], scores: () => tf.Tensor): PeerStep {
  const adam = tf.train.adam(1e-3);
  return async () => {
    const value = adam.minimize(() => tf.losses.softmaxCrossEntropy(labels, scores()) as tf.Scalar, true, variables)!;
    await value.data();
    value.dispose();
  };
}

/** A perceptron of 784, 512 and 10 units. */
function mlp(): PeerStep {
  const images = tf.randomNormal([64, 784]);
  const [w1, b1, w2, b2] = [variable(784, 512), variable(512), variable(512, 10), variable(10)];
  return training([w1, b1, w2, b2], () => tf.add(tf.matMul(tf.relu(tf.add(tf.matMul(images, w1), b1)), w2), b2));
}

/** Two convolutions of 5 × 5 with maximum pooling, and a hidden layer. */
function cnn(): PeerStep {
  const images = tf.randomNormal<tf.Rank.R4>([64, 28, 28, 1]);
  const [k1, c1, k2, c2] = [variable(5, 5, 1, 16), variable(16), variable(5, 5, 16, 32), variable(32)];
  const [w1, b1, w2, b2] = [variable(512, 128), variable(128), variable(128, 10), variable(10)];
  const layer = (x: tf.Tensor4D, kernel: tf.Variable, bias: tf.Variable): tf.Tensor4D =>
    tf.maxPool(
      tf.relu(tf.add<tf.Tensor4D>(tf.conv2d(x, kernel as tf.Variable<tf.Rank.R4>, 1, "valid"), bias)),
      2,
      2,
      0,
    );
  return training([k1, c1, k2, c2, w1, b1, w2, b2], () => {
    const features = tf.reshape(layer(layer(images, k1, c1), k2, c2), [64, 512]);
    return tf.add(tf.matMul(tf.relu(tf.add(tf.matMul(features, w1), b1)), w2), b2);
  });
}

await measure({ work, engine, version: tf.version["tfjs-core"] }, work === "mlp" ? 400 : 60, { mlp, cnn });
