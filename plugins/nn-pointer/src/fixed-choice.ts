import { ArgumentError, concat, matmul, Module, ShapeError, slice, softmax, type Tensor } from "@ansatz/core";
import { AdditiveAttention, Linear } from "@ansatz/nn";
import { checkWhole } from "./check-whole.ts";
import { masked, type ChoiceFactory, type ChoiceLayer, type ChoiceOptions } from "./pointer.ts";

export interface FixedChoiceOptions {
  /** The greatest number of elements: the classes that the layer tells apart. */
  readonly places: number;
  /** Whether the decoder attends to the elements. Default: true. */
  readonly attention?: boolean;
}

class FixedChoice extends Module implements ChoiceLayer {
  readonly places: number;
  readonly ends: boolean;
  readonly attention: AdditiveAttention | undefined;
  readonly head: Linear;

  constructor(hidden: number, { places, attention = true }: FixedChoiceOptions, { ends, random }: ChoiceOptions) {
    super();
    this.places = places;
    this.ends = ends;
    this.attention = attention ? new AdditiveAttention(hidden, hidden, hidden, { random }) : undefined;
    this.head = new Linear(attention ? 2 * hidden : hidden, places + (ends ? 1 : 0), { random });
  }

  keys(states: Tensor): readonly Tensor[] {
    if (states.shape[1]! > this.places)
      throw new ShapeError(
        `fixedChoice: there are ${states.shape[1]} elements but it has ${this.places} places\n  make it with more`,
      );
    return [states, ...(this.attention ? [this.attention.key.forward(states)] : [])];
  }

  scores(queries: Tensor, [states, projected]: readonly [Tensor, Tensor], valid: Tensor): Tensor {
    const count = states.shape[1]!;
    const exists = slice(valid, [null, null, [0, count]]);
    const attended = (layer: AdditiveAttention): Tensor =>
      concat([queries, matmul(softmax(masked(layer.scores(queries, projected), exists)), states)], 2);
    const scores = this.head.forward(this.attention === undefined ? queries : attended(this.attention));
    const ofPlaces = slice(scores, [null, null, [0, count]]);
    return this.ends ? concat([ofPlaces, slice(scores, [null, null, [this.places, null]])], 2) : ofPlaces;
  }
}

/**
 * A linear layer that chooses among a fixed number of places, with or without attention: sequence to sequence, which
 * the paper compares pointing with. Vinyals, Fortunato & Jaitly 2015, arXiv:1506.03134, Sections 2.1 and 2.2.
 *
 *   a = softmax(vᵀ tanh(W₁ e + W₂ d))      d′ = Σⱼ aⱼ eⱼ      scores = W [d, d′] + b, or W d + b without attention
 *
 * @throws ArgumentError unless `places` is a whole number, 1 or more, and for glimpses; ShapeError, later, for more
 * elements
 * @example const network = new PointerNetwork({ inputs: 2, hidden: 8, choice: fixedChoice({ places: 5 }) });
 * network.greedy(zeros([3, 4, 2])).shape // [3, 4]
 */
export function fixedChoice(options: FixedChoiceOptions): ChoiceFactory {
  checkWhole("fixedChoice", { places: options.places });
  return (hidden, own) => {
    if (own.glimpses > 0)
      throw new ArgumentError(
        `fixedChoice: it has no glimpses, but ${own.glimpses} are asked for\n  leave them out, or use its attention`,
      );
    return new FixedChoice(hidden, options, own);
  };
}
