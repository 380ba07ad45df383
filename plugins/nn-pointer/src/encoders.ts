import { div, expandDims, iota, less, maximum, Module, split, sum, tanh, transpose, where } from "@ansatz/core";
import type { RandomStream, Tensor } from "@ansatz/core";
import { Linear, LSTM, paddingMask, TransformerEncoder } from "@ansatz/nn";
import type { LSTMState, TransformerStackOptions } from "@ansatz/nn";

/** The layer that reads the elements: what a pointer network accepts as its `encoder`. */
export interface ElementEncoder extends Module {
  /**
   * elements [batch, places, inputs] give the states e [batch, places, hidden], and the first state of the decoder, an
   * LSTM of one layer. `lengths` [batch] of int32 are the numbers of elements; what follows is padding.
   */
  forward(elements: Tensor, lengths?: Tensor): readonly [states: Tensor, start: LSTMState];
}

/** Makes an encoder. */
export type EncoderFactory = (inputs: number, hidden: number, random: RandomStream) => ElementEncoder;

/** An LSTM that reads the elements in order. Its last state is the decoder's first, as in the paper. */
class SequenceEncoder extends Module implements ElementEncoder {
  readonly lstm: LSTM;

  constructor(inputs: number, hidden: number, random: RandomStream) {
    super();
    this.lstm = new LSTM(inputs, hidden, { random });
  }

  forward(elements: Tensor, lengths?: Tensor): readonly [Tensor, LSTMState] {
    const [states, last] = this.lstm.forward(transpose(elements, [1, 0, 2]), undefined, lengths && { lengths });
    return [transpose(states, [1, 0, 2]), last];
  }
}

/** Transformer blocks. The decoder starts from the mean of their states. */
class SetEncoder extends Module implements ElementEncoder {
  readonly embedding: Linear;
  readonly transformer: TransformerEncoder;
  readonly bridge: Linear;

  constructor(inputs: number, hidden: number, options: TransformerStackOptions, random: RandomStream) {
    super();
    this.embedding = new Linear(inputs, hidden, { random });
    this.transformer = new TransformerEncoder(hidden, { ...options, random });
    this.bridge = new Linear(hidden, 2 * hidden, { random });
  }

  forward(elements: Tensor, lengths?: Tensor): readonly [Tensor, LSTMState] {
    const places = elements.shape[1]!;
    const mask = lengths && { mask: paddingMask(lengths, places) };
    const states = this.transformer.forward(this.embedding.forward(elements), mask);
    const count = lengths === undefined ? places : expandDims(lengths, 1); // [batch, 1]
    const total = sum(where(expandDims(less(iota(places), count), -1), states, 0), 1); // [batch, hidden]
    const start = this.bridge.forward(div(total, maximum(count, 1)));
    const [hidden, cell] = split(expandDims(start, 0), 2) as [Tensor, Tensor];
    return [states, { hidden: tanh(hidden), cell }];
  }
}

/**
 * The encoder of the paper: an LSTM that reads the elements in order.
 *
 * @example new PointerNetwork({ inputs: 2, hidden: 8, encoder: lstmEncoder() }).inputs  // 2
 */
export function lstmEncoder(): EncoderFactory {
  return (inputs, hidden, random) => new SequenceEncoder(inputs, hidden, random);
}

/**
 * An encoder of Transformer blocks, for elements that have no order: a permutation of the elements permutes the states.
 * For a sequence, give it positions, such as `positions: "rotary"`. Vaswani et al. 2017, arXiv:1706.03762.
 *
 * The options are those of nn's `TransformerEncoder`.
 *
 * @example const encoder = transformerEncoder({ layers: 2, heads: 2 });
 * new PointerNetwork({ inputs: 2, hidden: 8, encoder }).inputs // 2
 */
export function transformerEncoder(options: Omit<TransformerStackOptions, "random">): EncoderFactory {
  return (inputs, hidden, random) => new SetEncoder(inputs, hidden, options, random);
}
