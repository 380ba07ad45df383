import {
  argmax,
  concat,
  log,
  maximum,
  Module,
  reshape,
  slice,
  softmax,
  squeeze,
  stack,
  takeAlongAxis,
  transpose,
  zeros,
  type RandomStream,
  type Tensor,
} from "@ansatz/core";
import { AdditiveAttention, Linear, LSTM } from "@ansatz/nn";

export interface SorterOptions {
  /** Features of the states. */
  readonly hidden: number;
  /** How many numbers there are; only a fixed set of answers needs to know. */
  readonly length: number;
  /** Whether attention's weights are the answer; else they mix the inputs, and a layer chooses among places. */
  readonly pointing: boolean;
}

/** What a sorter says: for each step the logarithm of each place's probability, and the place that it takes. */
export interface Said {
  readonly logProbabilities: Tensor; // [batch, steps, places]
  readonly places: Tensor; // [batch, steps] of int32
}

/**
 * A pointer network. An encoder reads numbers; at each step a decoder reads the number that was pointed at last, and
 * attends to what the encoder has seen: uⱼ = v · tanh(W₁ eⱼ + W₂ d), p = softmax(u). Vinyals, Fortunato & Jaitly 2015,
 * arXiv:1506.03134, Section 2.3.
 */
export class Sorter extends Module {
  readonly encoder: LSTM;
  readonly decoder: LSTM;
  readonly attention: AdditiveAttention;
  readonly choice: Linear | undefined;

  constructor({ hidden, length, pointing }: SorterOptions, random: RandomStream) {
    super();
    this.encoder = new LSTM(1, hidden, { random });
    this.decoder = new LSTM(1, hidden, { random });
    this.attention = new AdditiveAttention(hidden, hidden, hidden, { random });
    this.choice = pointing ? undefined : new Linear(2 * hidden, length, { random });
  }

  /** Told the right order, it reads that as it goes on; else what it has said itself. */
  forward(numbers: Tensor, order?: Tensor): Said {
    // [batch, places]
    const [batch, length] = numbers.shape as [number, number];
    const [encoded, end] = this.encoder.forward(reshape(transpose(numbers), [length, batch, 1]));
    const keys = transpose(encoded, [1, 0, 2]); // [batch, places, hidden]
    const [logProbabilities, places]: [Tensor[], Tensor[]] = [[], []];
    let [state, last] = [end, zeros([batch, 1])];
    for (let step = 0; step < length; step++) {
      const [outputs, next] = this.decoder.forward(reshape(last, [1, batch, 1]), state);
      const query = squeeze(outputs, 0);
      const [context, weights] = this.attention.forward(query, keys);
      const probabilities =
        this.choice === undefined ? weights : softmax(this.choice.forward(concat([query, context], 1)));
      logProbabilities.push(log(maximum(probabilities, 1e-12)));
      places.push(argmax(probabilities));
      const place = order === undefined ? reshape(places.at(-1)!, [batch, 1]) : slice(order, [null, [step, step + 1]]);
      last = takeAlongAxis(numbers, place, 1);
      state = next;
    }
    return { logProbabilities: stack(logProbabilities, 1), places: stack(places, 1) };
  }
}
