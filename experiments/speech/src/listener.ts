import { ArgumentError, logSoftmax, Module, RandomStream, transpose, type Tensor } from "@ansatz/core";
import { Linear, LSTM } from "@ansatz/nn";
import { features } from "./sound.ts";
import { labels } from "./utterances.ts";

export interface ListenerOptions {
  /** Whether it reads the sound backwards, too. */
  readonly bidirectional: boolean;
  readonly layers: number;
  readonly hidden: number;
  /** The probability of dropping an output between layers. */
  readonly dropout: number;
  readonly random: RandomStream;
}

/** An LSTM, and a linear map to the labels. Graves, Mohamed & Hinton 2013, arXiv:1303.5778. */
export class Listener extends Module {
  readonly layers: LSTM;
  readonly head: Linear;

  constructor({ bidirectional, layers, hidden, dropout, random }: ListenerOptions) {
    super();
    this.layers = new LSTM(features, hidden, { bidirectional, layers, dropout, forgetBias: 1, random });
    this.head = new Linear(bidirectional ? 2 * hidden : hidden, labels, { random });
  }

  /** The log-probabilities of the labels at each step: sound [batch, steps, features] gives [steps, batch, labels]. */
  forward(sound: Tensor, steps: Tensor): Tensor {
    const [outputs] = this.layers.forward(transpose(sound, [1, 0, 2]), undefined, { lengths: steps });
    return logSoftmax(this.head.forward(outputs));
  }
}

/**
 * The widest listener with at most this many parameters.
 *
 * @throws ArgumentError if not even one feature fits
 */
export function listenerOf(parameters: number, options: Omit<ListenerOptions, "hidden">): Listener {
  const countOf = (hidden: number) =>
    new Listener({ ...options, hidden, random: new RandomStream(0) }).parameterCount();
  if (countOf(1) > parameters)
    throw new ArgumentError(`speech: ${parameters} parameters are too few\n  use ${countOf(1)} or more`);
  let hidden = 1;
  while (countOf(hidden + 1) <= parameters) hidden++;
  return new Listener({ ...options, hidden });
}
