import { add, dynamicSlice, Module, parameter, slice, type Parameter, type Tensor } from "@ansatz/core";
import { streamOf, type RandomSource } from "../random-source.ts";
import { normalInitializer, type Initializer } from "../initializers/basic.ts";
import type { PositionLayer } from "./position-layer.ts";

export interface LearnedPositionsOptions {
  /** The longest sequence. */
  readonly context: number;
  /** Default: normal with standard deviation 0.02. */
  readonly initializer?: Initializer;
  readonly random?: RandomSource;
}

/**
 * Adds a learned vector for each position: y[t] = x[t] + W[t]. Radford et al. 2018 (GPT).
 *
 * @example new LearnedPositions(4, { context: 8 }).forward(zeros([1, 3, 4])).shape  // [1, 3, 4]
 */
export class LearnedPositions extends Module implements PositionLayer {
  readonly weight: Parameter; // W  [context, width]

  constructor(width: number, options: LearnedPositionsOptions) {
    super();
    const { context, initializer = normalInitializer(0.02) } = options;
    this.weight = parameter(initializer(streamOf(options.random).next(), [context, width]));
  }

  forward(x: Tensor, position?: Tensor): Tensor {
    // [batch, time, width] -> the same
    const [time, width] = x.shape.slice(-2) as [number, number];
    if (position === undefined) return add(x, slice(this.weight.read(), [[0, time]]));
    return add(x, dynamicSlice(this.weight, [position, 0], [time, width]));
  }
}
