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
  /** The width of the states. */
  readonly hidden: number;
  /** How many numbers there are at most. Only choosing among places needs it. */
  readonly longest: number;
  /** Whether the weights of attention are the answer. If not, they mix the inputs, and a layer chooses among places. */
  readonly pointing: boolean;
}

/** The answer of a sorter: for each step the log-probability of each place, and the chosen place. */
export interface Said {
  readonly logProbabilities: Tensor; // [batch, steps, places]
  readonly places: Tensor; // [batch, steps] of int32
}

/**
 * A pointer network. An encoder reads numbers. At each step a decoder reads the number that it pointed at last, and
 * attends to the outputs of the encoder: uⱼ = v · tanh(W₁ eⱼ + W₂ d), p = softmax(u). Vinyals, Fortunato & Jaitly 2015,
 * arXiv:1506.03134, Section 2.3.
 */
export class Sorter extends Module {
  readonly encoder: LSTM;
  readonly decoder: LSTM;
  readonly attention: AdditiveAttention;
  readonly choice: Linear | undefined;

  constructor({ hidden, longest, pointing }: SorterOptions, random: RandomStream) {
    super();
    this.encoder = new LSTM(1, hidden, { random });
    this.decoder = new LSTM(1, hidden, { random });
    this.attention = new AdditiveAttention(hidden, hidden, hidden, { random });
    this.choice = pointing ? undefined : new Linear(2 * hidden, longest, { random });
  }

  /** Given the right order, the decoder reads that; otherwise it reads its own answers. */
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
        this.choice === undefined
          ? weights
          : softmax(slice(this.choice.forward(concat([query, context], 1)), [null, [0, length]]));
      logProbabilities.push(log(maximum(probabilities, 1e-12)));
      places.push(argmax(probabilities));
      const place = order === undefined ? reshape(places.at(-1)!, [batch, 1]) : slice(order, [null, [step, step + 1]]);
      last = takeAlongAxis(numbers, place, 1);
      state = next;
    }
    return { logProbabilities: stack(logProbabilities, 1), places: stack(places, 1) };
  }
}
