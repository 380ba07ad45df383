import {
  ArgumentError,
  equal,
  expandDims,
  gather,
  iota,
  Module,
  parameter,
  stopGradient,
  where,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import { normalInitializer, type Initializer } from "../initializers/basic.ts";
import { streamOf, type RandomSource } from "../random-source.ts";

export interface EmbeddingOptions {
  /** The initial vectors. Default: normal with standard deviation 1. */
  readonly initializer?: Initializer;
  /** The symbol of padding: its vector starts at 0 and gets no gradient from here. Default: none. */
  readonly paddingIndex?: number;
  readonly random?: RandomSource;
}

/**
 * A vector for each of `count` symbols: y = W[x].
 *
 * @throws ArgumentError for a padding index that isn't a symbol
 * @example new Embedding(10, 4).forward(tensor([1, 2], { dtype: "int32" })).shape  // [2, 4]
 */
export class Embedding extends Module {
  readonly weight: Parameter; // W  [count, features]
  readonly paddingIndex: number | undefined;

  constructor(count: number, features: number, options: EmbeddingOptions = {}) {
    super();
    const { initializer = normalInitializer(1), paddingIndex: padding } = options;
    if (padding !== undefined && !(Number.isInteger(padding) && padding >= 0 && padding < count))
      throw new ArgumentError(`Embedding: paddingIndex is ${padding}\n  use a whole number from 0 to ${count - 1}`);
    const start = initializer(streamOf(options.random).next(), [count, features]);
    this.paddingIndex = padding;
    this.weight = parameter(padding === undefined ? start : where(isPadding(iota(count), padding), 0, start));
  }

  forward(x: Tensor): Tensor {
    // [...] of int32 -> [..., features]
    const y = gather(this.weight, x);
    return this.paddingIndex === undefined ? y : where(isPadding(x, this.paddingIndex), stopGradient(y), y);
  }
}

/** True where a symbol is padding, [...] -> [..., 1]. */
function isPadding(x: Tensor, padding: number): Tensor {
  return expandDims(equal(x, padding), -1);
}
