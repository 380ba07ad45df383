import { key, normal, Optimizer, randomIntegers, relu } from "@ansatz/core";
import { Linear, Sequential } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";
import { classifying } from "./classifying.ts";
import type { Work } from "./work.ts";

/** A perceptron of 784, 512 and 10 units with Adam, 64 images per step. */
export function mlp(): Work {
  return {
    steps: 400,
    torch: ["mlp.py", "400"],
    peers: ["tfjs-wasm", "tfjs-native", "jax-js"],
    build() {
      const model = new Sequential(new Linear(784, 512), relu, new Linear(512, 10));
      const optimizer = new Optimizer(model, adamw, { learningRate: 1e-3, weightDecay: 0 });
      const images = normal(key(1), [64, 784]);
      const labels = randomIntegers(key(2), [64], { high: 10 });
      return classifying(model, optimizer, () => [images, labels]);
    },
  };
}
