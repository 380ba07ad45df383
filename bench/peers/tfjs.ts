/**
 * Measures the perceptron in tfjs itself, with its own autodiff and Adam, on one of its backends, and prints the result
 * as JSON. `tfjs.ts mlp wasm-plain|tfjs-node-plain`
 */
import { tfjsNode } from "@ansatz/backend-tfjs-node";
import { wasm } from "@ansatz/backend-wasm";
import { ArgumentError } from "@ansatz/core";
import { peakMemory } from "@ansatz/lab";
import * as tf from "@tensorflow/tfjs";
import { summarize } from "../measurement.ts";

const [work = "", engine = ""] = process.argv.slice(2);
if (work !== "mlp") throw new ArgumentError(`tfjs has no workload "${work}"\n  use mlp`);
const starts = { "wasm-plain": [wasm, "wasm"], "tfjs-node-plain": [tfjsNode, "tensorflow"] } as const;
if (!Object.hasOwn(starts, engine))
  throw new ArgumentError(`there is no engine "${engine}"\n  use ${Object.keys(starts).join(" or ")}`);
const [start, backend] = starts[engine as keyof typeof starts];
await start(); // so that it has the same threads and native part as Ansatz's backend
await tf.setBackend(backend);

const images = tf.randomNormal([64, 784]);
const labels = tf.oneHot(tf.randomUniform([64], 0, 10, "int32"), 10);
const hidden = { weight: tf.variable(tf.randomNormal([784, 512], 0, 0.05)), bias: tf.variable(tf.zeros([512])) };
const output = { weight: tf.variable(tf.randomNormal([512, 10], 0, 0.05)), bias: tf.variable(tf.zeros([10])) };
const variables = [hidden.weight, hidden.bias, output.weight, output.bias];
const adam = tf.train.adam(1e-3);

function loss(): tf.Scalar {
  const features = tf.relu(tf.add(tf.matMul(images, hidden.weight), hidden.bias));
  return tf.losses.softmaxCrossEntropy(labels, tf.add(tf.matMul(features, output.weight), output.bias)) as tf.Scalar;
}

const times: number[] = [];
for (let i = 0; i < 400; i++) {
  const started = performance.now();
  const value = adam.minimize(loss, true, variables)!;
  await value.data();
  value.dispose();
  times.push(performance.now() - started);
}
console.log(JSON.stringify(summarize(work, engine, tf.version["tfjs-core"], times, peakMemory() / 2 ** 20)));
process.exit(); // even if threads of tfjs still run
