import { gather, Module, parameter, type Parameter, type Tensor } from "@ansatz/core";
import { normalInitializer, type Initializer } from "../initializers/basic.ts";
import { streamOf, type RandomSource } from "../random-source.ts";

export interface EmbeddingOptions {
  /** The initial vectors. Default: normal with standard deviation 1. */
  readonly initializer?: Initializer;
  readonly random?: RandomSource;
}

/**
 * A vector for each of `count` symbols: y = W[x].
 *
 * @example new Embedding(10, 4).forward(tensor([1, 2], { dtype: "int32" })).shape  // [2, 4]
 */
export class Embedding extends Module {
  readonly weight: Parameter; // W  [count, features]

  constructor(count: number, features: number, options: EmbeddingOptions = {}) {
    super();
    const { initializer = normalInitializer(1) } = options;
    this.weight = parameter(initializer(streamOf(options.random).next(), [count, features]));
  }

  forward(x: Tensor): Tensor {
    // [...] of int32 -> [..., features]
    return gather(this.weight, x);
  }
}
