import { ArgumentError, bernoulli, Module, mul, type RandomStream, type Shape, type Tensor } from "@ansatz/core";
import { streamOf, type RandomSource } from "../random-source.ts";

/** The common part of layers that drop parts of their input at random. Each layer says what a part is. */
export abstract class MaskedDropout extends Module {
  readonly probability: number;
  readonly random: RandomStream;

  constructor(probability: number, options: { readonly random?: RandomSource } = {}) {
    super();
    if (!(probability >= 0 && probability < 1))
      throw new ArgumentError(
        `${new.target.name}: the probability is ${probability}\n  use a number from 0 to below 1`,
      );
    this.probability = probability;
    this.random = streamOf(options.random).fork();
  }

  /** The shape of the mask: 1 in an axis that is kept or dropped as a whole. */
  protected abstract maskShape(shape: Shape): Shape;

  forward(x: Tensor): Tensor {
    // [...] -> [...]
    if (!this.training || this.probability === 0) return x;
    const keep = 1 - this.probability;
    return mul(x, bernoulli(this.random.next(), keep, this.maskShape(x.shape), { value: 1 / keep, dtype: x.dtype }));
  }
}
