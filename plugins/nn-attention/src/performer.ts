import { ArgumentError, buffer, cast, type Cell, type Module, type RandomStream, type Tensor } from "@ansatz/core";
import type { AttentionFactory, MultiHeadAttentionOptions } from "@ansatz/nn";
import { KernelAttention } from "./kernel-attention.ts";
import { refusePositions, whole } from "./limits.ts";
import { positiveFeatures, randomDirections, type RandomFeatureOptions } from "./random-features.ts";

export interface PerformerOptions extends RandomFeatureOptions {
  /** The number of random features m of each head. Default: d ln d for heads of d features, rounded up. */
  readonly features?: number;
}

/**
 * Performer: softmax attention estimated from positive orthogonal random features (FAVOR+), in time and memory that
 * grow with the length. Choromanski et al. 2020, arXiv:2009.14794.
 *
 *   yᵢ = φ(qᵢ) Σⱼ φ(kⱼ) vⱼᵀ / φ(qᵢ) Σⱼ φ(kⱼ)      E[φ(q) · φ(k)] = exp(q · k / √d)
 *
 * x and the result are [batch, time, width]. The features are a buffer: saved with the weights, not trained. The paper
 * draws them again from time to time; see `redrawFeatures`. Text is written with sums of constant size as the cache.
 * There are no attention weights, so `dropout` has nothing to drop here. A mask must be one of keys, as from
 * `paddingMask`.
 *
 * Exponents of keys are stabilized by the largest of all keys, as in the authors' code, but not if it is causal: there
 * the largest key of the future must not matter.
 *
 * @throws ArgumentError for ALiBi positions, a bias, a mask that differs between queries, or a number of features that
 * isn't whole and positive
 * @example new Performer(8, { heads: 2, features: 16 }).forward(zeros([1, 3, 8]), { causal: true }).shape  // [1, 3, 8]
 */
export class Performer extends KernelAttention {
  readonly directions: Cell; // Ω  [features, width / heads]
  readonly random: RandomStream;
  protected readonly mapped: number;
  readonly #options: RandomFeatureOptions;

  constructor(width: number, options: MultiHeadAttentionOptions & PerformerOptions) {
    super(width, options);
    refusePositions(this, ["alibi"], "a bias by distance is not a product of features");
    const own = width / this.heads;
    const { features = Math.max(1, Math.ceil(own * Math.log(own))) } = options;
    this.mapped = whole("Performer: features", features);
    this.#options = options;
    this.random = this.dropout.random.fork();
    this.directions = buffer(this.#drawn());
  }

  /** Draws new features, which the next step uses. */
  redraw(): void {
    this.directions.assign(cast(this.#drawn(), this.directions.dtype));
  }

  #drawn(): Tensor {
    return randomDirections(this.random.next(), this.mapped, this.width / this.heads, this.#options);
  }

  protected map(x: Tensor, shared: readonly number[] | undefined): Tensor {
    return positiveFeatures(x, this.directions.read(), shared);
  }
}

/**
 * Makes `Performer` for a Transformer block.
 *
 * @example const block = new TransformerBlock(8, { heads: 2, attention: performer({ features: 16 }) });
 * block.forward(zeros([1, 3, 8])).shape // [1, 3, 8]
 */
export function performer(options: PerformerOptions = {}): AttentionFactory {
  return (width, block) => new Performer(width, { ...block, ...options });
}

/**
 * Draws the features of every `Performer` in a model again. Call it every 1,000 steps or so of training, outside the
 * compiled step: `if (step % 1000 === 0) redrawFeatures(model)`.
 *
 * @throws ArgumentError if there is no Performer in the model
 * @example redrawFeatures(new Performer(8, { heads: 2 })) // undefined
 */
export function redrawFeatures(model: Module): void {
  const performers = [...model.namedModules().values()].filter((module) => module instanceof Performer);
  if (performers.length === 0)
    throw new ArgumentError("redrawFeatures: there is no Performer in the model\n  use it with attention: performer()");
  for (const own of performers) own.redraw();
}
