import { add, ArgumentError, Module, slice, type RandomStream, type Tensor } from "@ansatz/core";
import {
  Embedding,
  LayerNorm,
  Linear,
  normalInitializer,
  TransformerBlock,
  zerosInitializer,
  type Initializer,
} from "@ansatz/nn";

export interface Shape {
  readonly characters: number;
  readonly context: number;
  readonly heads: number;
  /** How many blocks have their own weights. */
  readonly layers: number;
}

/**
 * The number of weights in the blocks, 12 w² + 13 w each. Embeddings, positions and the output layer are left out, as
 * in Kaplan et al. 2020, Section 2.1.
 */
export function parametersOf({ layers }: Pick<Shape, "layers">, width: number): number {
  return layers * (12 * width ** 2 + 13 * width);
}

/**
 * The largest width that is divisible by the heads and needs no more than the given number of weights.
 * @throws ArgumentError if even the smallest width needs more
 */
export function widthFor(shape: Shape, parameters: number): number {
  let width = 0;
  while (parametersOf(shape, width + shape.heads) <= parameters) width += shape.heads;
  if (width === 0)
    throw new ArgumentError(
      `${shape.layers} blocks do not fit into ${parameters} parameters\n  use fewer --layers, or more --parameters`,
    );
  return width;
}

/**
 * A Transformer language model like GPT-2 that runs all its blocks in order several times, with the same weights each
 * time.
 */
export class RepeatedTransformer extends Module {
  readonly tokens: Embedding;
  readonly positions: Embedding;
  readonly blocks: readonly TransformerBlock[];
  readonly norm: LayerNorm;
  readonly head: Linear;
  readonly times: number;

  constructor(
    { characters, context, heads, layers }: Shape,
    options: { readonly width: number; readonly times: number; readonly random: RandomStream },
  ) {
    super();
    const { width, times, random } = options;
    const initializer = weights(0.02);
    const residualInitializer = weights(0.02 / Math.sqrt(2 * layers * times));
    this.tokens = new Embedding(characters, width, { initializer, random });
    this.positions = new Embedding(context, width, { initializer, random });
    this.blocks = Array.from(
      { length: layers },
      () => new TransformerBlock(width, { heads, initializer, residualInitializer, random }),
    );
    this.norm = new LayerNorm(width);
    this.head = new Linear(width, characters, { bias: false, initializer, random });
    this.times = times;
  }

  forward(tokens: Tensor): Tensor {
    // [batch, time] of int32 -> [batch, time, characters]
    const [, time] = tokens.shape as [number, number];
    let x = add(this.tokens.forward(tokens), slice(this.positions.weight.read(), [[0, time]]));
    for (let time = 0; time < this.times; time++) for (const block of this.blocks) x = block.forward(x);
    return this.head.forward(this.norm.forward(x));
  }
}

/** Normal weights, zero biases: a bias has one axis. */
function weights(std: number): Initializer {
  return (key, shape) => (shape.length > 1 ? normalInitializer(std) : zerosInitializer)(key, shape);
}
