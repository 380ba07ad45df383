import {
  div,
  expandDims,
  iota,
  less,
  mean,
  Module,
  split,
  sum,
  tanh,
  transpose,
  where,
  type RandomStream,
  type Tensor,
} from "@ansatz/core";
import {
  Linear,
  LSTM,
  paddingMask,
  TransformerEncoder,
  type LSTMState,
  type TransformerStackOptions,
} from "@ansatz/nn";

/** What reads the elements: a layer that a pointer network accepts as its `encoder`. */
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
    const order = [1, 0, 2];
    const [states, last] = this.lstm.forward(transpose(elements, order), undefined, lengths && { lengths });
    return [transpose(states, order), last];
  }
}

/** Transformer blocks without positions, so that the elements are a set. The decoder starts from their mean. */
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
    const whole = lengths === undefined ? mean(states, 1) : meanOf(states, lengths); // [batch, hidden]
    const [hidden, cell] = split(expandDims(this.bridge.forward(whole), 0), 2) as [Tensor, Tensor];
    return [states, { hidden: tanh(hidden), cell }];
  }
}

/** The mean of the first states of each row. */
function meanOf(states: Tensor, lengths: Tensor): Tensor {
  const count = expandDims(lengths, 1); // [batch, 1]
  const exists = less(iota(states.shape[1]!), count); // [batch, places]
  return div(sum(where(expandDims(exists, 2), states, 0), 1), where(less(count, 1), 1, count));
}

/**
 * The encoder of the paper: an LSTM that reads the elements in order.
 *
 * @example new PointerNetwork({ inputs: 2, hidden: 8, encoder: lstmEncoder() }).hidden  // 8
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
 * new PointerNetwork({ inputs: 2, hidden: 8, encoder }).hidden // 8
 */
export function transformerEncoder(options: Omit<TransformerStackOptions, "random">): EncoderFactory {
  return (inputs, hidden, random) => new SetEncoder(inputs, hidden, options, random);
}
