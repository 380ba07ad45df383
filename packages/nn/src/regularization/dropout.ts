import { ArgumentError, bernoulli, Module, mul, type RandomStream, type Tensor } from "@ansatz/core";
import { streamOf, type RandomSource } from "./random-source.ts";

/**
 * Sets elements to 0 with probability p while training, and scales the others by 1 / (1 − p). Srivastava et al. 2014.
 *
 * Each call draws anew from the layer's own stream, whose state belongs to a checkpoint.
 *
 * @throws ArgumentError for a probability outside [0, 1)
 * @example new Dropout(0.5).eval().forward(tensor([1, 2]))  // [1, 2]
 */
export class Dropout extends Module {
  readonly probability: number;
  readonly random: RandomStream;

  constructor(probability: number, options: { readonly random?: RandomSource } = {}) {
    super();
    if (!(probability >= 0 && probability < 1)) throw new ArgumentError(`Dropout: the probability is ${probability}\n  use a number from 0 up to, and without, 1`);
    this.probability = probability;
    this.random = streamOf(options.random).fork();
  }

  forward(x: Tensor): Tensor { // [...] -> [...]
    if (!this.training || this.probability === 0) return x;
    const keep = 1 - this.probability;
    return mul(x, bernoulli(this.random.next(), keep, x.shape, { value: 1 / keep }));
  }
}
