/**
 * Measures jax-js, with its own autodiff and `jit`, on its wasm device, and prints the result as JSON. In Node it has
 * one thread, because it looks for the browser's workers. `jax-js.ts mlp|cnn jax-js`
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { defaultDevice, init, jit, lax, nn, numpy as np, random, valueAndGrad, type Array as Value } from "@jax-js/jax";
import { measure, type PeerStep } from "./measure.ts";

const [work = "", engine = ""] = process.argv.slice(2);
await init("wasm");
defaultDevice("wasm");

let seed = 0;
const normal = (...shape: number[]): Value => random.normal(random.key(seed++), shape).mul(0.05);
const zerosLike = (x: Value): Value => np.zeros(x.shape);
const zeros = (...shape: number[]): Value => np.zeros(shape);
const integers = (count: number, high: number): Value =>
  np.array(
    Int32Array.from({ length: count }, (_, i) => (i * 7) % high),
    { dtype: np.int32 },
  );

/** Mean cross-entropy of logits [rows, classes]. */
function crossEntropy(logits: Value, target: Value): Value {
  const [rows, classes] = logits.shape as [number, number];
  return nn
    .logSoftmax(logits, -1)
    .mul(nn.oneHot(target, classes))
    .sum()
    .mul(-1 / rows);
}

/**
 * A training step by Adam: loss, gradients and update in one compiled function. jax-js counts references: a function
 * takes its arguments over, and `ref` keeps one for another use.
 */
function training(initial: readonly Value[], lossOf: (parameters: Value[]) => Value): PeerStep {
  const [beta1, beta2] = [0.9, 0.999];
  let state = { parameters: [...initial], m: initial.map(zerosLike), v: initial.map(zerosLike) };
  let count = 0;
  const update = jit((before: typeof state, rate: Value) => {
    const [loss, gradients] = valueAndGrad(lossOf)(before.parameters.map((x) => x.ref));
    const m = before.m.map((x, i) => x.mul(beta1).add(gradients[i]!.ref.mul(1 - beta1)));
    const v = before.v.map((x, i) => x.mul(beta2).add(gradients[i]!.ref.mul(gradients[i]!).mul(1 - beta2)));
    const parameters = before.parameters.map((x, i) =>
      x.sub(m[i]!.ref.mul(rate.ref).div(np.sqrt(v[i]!.ref).add(1e-8))),
    );
    rate.dispose();
    return { loss, state: { parameters, m, v } };
  });
  return async () => {
    count++;
    const rate = (1e-3 * Math.sqrt(1 - beta2 ** count)) / (1 - beta1 ** count);
    const result = update(state, np.array(rate));
    state = result.state;
    return result.loss.jsAsync();
  };
}

/** A perceptron of 784, 512 and 10 units. */
function mlp(): PeerStep {
  const [images, labels] = [normal(64, 784), integers(64, 10)];
  return training([normal(784, 512), zeros(512), normal(512, 10), zeros(10)], ([w1, b1, w2, b2]) =>
    crossEntropy(np.matmul(nn.relu(np.matmul(images.ref, w1!).add(b1!)), w2!).add(b2!), labels.ref),
  );
}

/** Two convolutions of 5 × 5 with maximum pooling, and a hidden layer. */
function cnn(): PeerStep {
  const [images, labels] = [normal(64, 1, 28, 28), integers(64, 10)];
  const layer = (x: Value, kernel: Value, bias: Value): Value => {
    const y = nn.relu(lax.conv(x, kernel, [1, 1], "VALID").add(bias));
    const [batch, channels, rows, columns] = y.shape as [number, number, number, number];
    return y.reshape([batch, channels, rows / 2, 2, columns / 2, 2]).max([3, 5]);
  };
  const initial = [
    ...[normal(16, 1, 5, 5), zeros(16, 1, 1), normal(32, 16, 5, 5), zeros(32, 1, 1)],
    ...[normal(512, 128), zeros(128), normal(128, 10), zeros(10)],
  ];
  return training(initial, ([k1, c1, k2, c2, w1, b1, w2, b2]) => {
    const features = layer(layer(images.ref, k1!, c1!), k2!, c2!).reshape([64, 512]);
    const hidden = nn.relu(np.matmul(features, w1!).add(b1!));
    return crossEntropy(np.matmul(hidden, w2!).add(b2!), labels.ref);
  });
}

const version = (
  JSON.parse(
    readFileSync(join(dirname(createRequire(import.meta.url).resolve("@jax-js/jax")), "../package.json"), "utf8"),
  ) as { version: string }
).version;
await measure({ work, engine, version }, work === "mlp" ? 24 : 5, { mlp, cnn });
