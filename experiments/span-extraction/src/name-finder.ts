import { greaterEqual, iota, Module, slice, squeeze, type RandomStream, type Tensor } from "@ansatz/core";
import { Embedding, Sequential, SinusoidalPositions } from "@ansatz/nn";
import { PointerNetwork, type Constraint, type PointerNetworkOptions } from "@ansatz/nn-pointer";

/** A span: the second place isn't before the first. */
export const span: Constraint = (said, exists) => ({
  places: greaterEqual(iota(exists.shape[1]!), slice(said, [null, [0, 1]])), // −1 before the first step
});

/** A pointer network on the vectors of words and places, which says the first and the last place of a span. */
export class NameFinder extends Module {
  readonly words: Sequential;
  readonly network: PointerNetwork;

  constructor(
    vocabularySize: number,
    { random, ...options }: Omit<PointerNetworkOptions, "inputs"> & { readonly random: RandomStream },
  ) {
    super();
    this.words = new Sequential(new Embedding(vocabularySize, options.hidden, { random }), new SinusoidalPositions());
    this.network = new PointerNetwork({ ...options, inputs: options.hidden, random });
  }

  /** The scores of all places for the first and for the last word: [batch, 2, places]. */
  forward(words: Tensor, target: Tensor, lengths: Tensor): Tensor {
    return this.network.forward(this.words.forward(words), target, { lengths, constraint: span });
  }

  /** The likeliest of `beams` spans: [batch, 2] of int32. */
  find(words: Tensor, lengths: Tensor, beams: number): Tensor {
    const options = { lengths, constraint: span, steps: 2, beams };
    const { places } = this.network.beamSearch(this.words.forward(words), options);
    return squeeze(slice(places, [null, [0, 1]]), 1); // the likeliest
  }
}
