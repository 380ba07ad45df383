import { ArgumentError, Module, type RandomStream, type Tensor } from "@ansatz/core";
import { GRU, Linear, LSTM, RNN } from "@ansatz/nn";

/** What a step of each kind of cell needs: matrices of each kind, and vectors of the memory's width beside biases. */
const kinds = {
  lstm: { gates: 4, peepholes: 0 },
  peephole: { gates: 4, peepholes: 3 },
  gru: { gates: 3, peepholes: 0 },
  rnn: { gates: 1, peepholes: 0 },
} as const;

export type Kind = keyof typeof kinds;
export const cells = Object.keys(kinds) as readonly Kind[];

export interface Sizes {
  readonly inputs: number;
  readonly outputs: number;
}

/** The parameters of a `Recurring` of a given width. */
export function parametersOf(kind: Kind, hidden: number, { inputs, outputs }: Sizes): number {
  const { gates, peepholes } = kinds[kind];
  const cell = gates * hidden * (inputs + hidden + 2) + peepholes * hidden; // two biases, as in PyTorch
  return cell + outputs * (hidden + 1);
}

/**
 * The greatest width with at most this many parameters.
 *
 * @throws ArgumentError if not even one feature fits
 */
export function widthFor(kind: Kind, parameters: number, sizes: Sizes): number {
  let hidden = 0;
  while (parametersOf(kind, hidden + 1, sizes) <= parameters) hidden++;
  if (hidden === 0)
    throw new ArgumentError(
      `widthFor: ${parameters} parameters are too few for ${sizes.inputs} inputs\n` +
        `  use ${parametersOf(kind, 1, sizes)} or more`,
    );
  return hidden;
}

/** A recurrent layer with as many features as its parameters allow, and a linear map of each of its outputs. */
export class Recurring extends Module {
  readonly layer: RNN | GRU | LSTM;
  readonly head: Linear;

  constructor(kind: Kind, parameters: number, sizes: Sizes, random: RandomStream) {
    super();
    const hidden = widthFor(kind, parameters, sizes);
    const options = { random };
    this.layer =
      kind === "rnn"
        ? new RNN(sizes.inputs, hidden, options)
        : kind === "gru"
          ? new GRU(sizes.inputs, hidden, options)
          : new LSTM(sizes.inputs, hidden, { ...options, peephole: kind === "peephole", forgetBias: 1 });
    this.head = new Linear(hidden, sizes.outputs, options);
  }

  forward(x: Tensor): Tensor {
    // [time, batch, inputs] -> [time, batch, outputs]
    return this.head.forward(this.layer.forward(x)[0]);
  }
}
