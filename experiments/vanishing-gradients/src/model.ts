import {
  cast,
  equal,
  iota,
  less,
  Module,
  normal,
  reshape,
  slice,
  squeeze,
  stack,
  uniform,
  where,
  zeros,
  type RandomStream,
  type Tensor,
} from "@ansatz/core";
import { GRU, Linear, LSTM, orthogonal, RNN } from "@ansatz/nn";

export interface ModelOptions {
  readonly cell: string;
  readonly hidden: number;
  /** The recurrent weights of the tanh cell are orthogonal times this; if it is 0, they stay as they are drawn. */
  readonly gain: number;
  /** The initial bias of the forget gates of the LSTM. */
  readonly forgetBias: number;
}

/** A recurrent layer, and a linear layer that reads two classes from its last state. */
export class Latch extends Module {
  readonly layer: RNN | GRU | LSTM;
  readonly head: Linear;

  constructor({ cell, hidden, gain, forgetBias }: ModelOptions, random: RandomStream) {
    super();
    this.layer =
      cell === "lstm"
        ? new LSTM(2, hidden, { forgetBias, random })
        : cell === "gru"
          ? new GRU(2, hidden, { random })
          : new RNN(2, hidden, { random });
    if (cell === "rnn" && gain > 0)
      this.layer.weights[0].forward.weightRecurrent.assign(orthogonal({ gain })(random.next(), [hidden, hidden]));
    this.head = new Linear(hidden, 2, { random });
  }

  forward(x: Tensor): Tensor {
    // [time, batch, 2] -> [batch, 2]
    const [outputs] = this.layer.forward(x);
    return this.head.forward(squeeze(slice(outputs, [[-1, x.shape[0]!]]), 0));
  }
}

/**
 * The latching problem of Bengio, Simard & Frasconi 1994: the first step shows one of two classes, noise follows, and
 * at the end the class must be known.
 *
 * x is [time, batch, 2], the sign of the class in its first feature and the noise in its second; the class is [batch]
 * of int32.
 */
export function latching(
  random: RandomStream,
  time: number,
  batch: number,
): { readonly x: Tensor; readonly target: Tensor } {
  const first = less(uniform(random.next(), [batch]), 0.5);
  const sign = where(first, 1, -1); // [batch]
  const symbols = where(equal(reshape(iota(time), [time, 1]), 0), sign, zeros([time, batch]));
  return { x: stack([symbols, normal(random.next(), [time, batch])], 2), target: cast(first, "int32") };
}
