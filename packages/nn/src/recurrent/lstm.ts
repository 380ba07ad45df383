import {
  add,
  ArgumentError,
  concat,
  full,
  matmul,
  mul,
  sigmoid,
  split,
  tanh,
  uniform,
  zeros,
  type Tensor,
} from "@ansatz/core";
import { streamOf } from "../random-source.ts";
import { Recurrent, type RecurrentOptions, type Start, type StepWeights } from "./recurrent.ts";

/** The state that an LSTM carries from step to step. */
export type LSTMState = {
  readonly hidden: Tensor; // h  [layers · directions, batch, outputs]
  readonly cell: Tensor; // c  [layers · directions, batch, hidden]
};

export interface LSTMOptions extends RecurrentOptions {
  /** Project the output to this width: h′ = P (o ⊙ tanh(c′)). Sak, Senior & Beaufays 2014, arXiv:1402.1128. */
  readonly projection?: number;
  /** Let the gates see the cell: pᵢ ⊙ c, p_f ⊙ c and pₒ ⊙ c′. Gers & Schmidhuber 2000. PyTorch doesn't have it. */
  readonly peephole?: boolean;
  /**
   * The initial bias of the forget gate, the sum of its two biases. 1 lets gradients through from the start. Default:
   * random. Jozefowicz et al. 2015.
   */
  readonly forgetBias?: number;
}

/** Uniform values, except for the biases of the forget gate. */
function forgetting(value: number, hidden: number): Start {
  const bound = 1 / Math.sqrt(hidden);
  return (name, shape, random) => {
    const drawn = (lengths: readonly number[]): Tensor => uniform(random.next(), lengths, { low: -bound, high: bound });
    if (name !== "biasInput" && name !== "biasRecurrent") return drawn(shape);
    const forget = name === "biasInput" ? full([hidden], value) : zeros([hidden]);
    return concat([drawn([hidden]), forget, drawn([2 * hidden])]);
  };
}

/**
 * Long short-term memory. Hochreiter & Schmidhuber 1997; with forget gates, Gers, Schmidhuber & Cummins 2000.
 *
 *   i = σ(Wᵢx + Uᵢh + bᵢ)   f = σ(W_f x + U_f h + b_f)   g = tanh(W_g x + U_g h + b_g)   o = σ(Wₒx + Uₒh + bₒ)
 *   c′ = f ⊙ c + i ⊙ g      h′ = o ⊙ tanh(c′)
 *
 * The gates are stacked in the order i, f, g, o, with two biases, as in PyTorch. Shapes as in `RNN`; the state has
 * hidden and cell.
 *
 * @throws ArgumentError for sizes that aren't whole numbers; ShapeError for inputs or states that do not fit
 * @example new LSTM(3, 4).forward(zeros([5, 2, 3]))[0].shape  // [5, 2, 4]
 */
export class LSTM extends Recurrent<LSTMState> {
  constructor(inputs: number, hidden: number, options: LSTMOptions = {}) {
    const { projection, peephole = false, forgetBias } = options;
    if (projection !== undefined && !(Number.isInteger(projection) && projection >= 1 && projection < hidden))
      throw new ArgumentError(
        `LSTM: the projection is ${projection}\n  use a whole number below hidden, which is ${hidden}`,
      );
    super(
      { inputs, hidden, gates: 4, projection, ...(peephole && { peepholes: 3 }) },
      { ...options, random: streamOf(options.random) },
      forgetBias === undefined ? undefined : forgetting(forgetBias, hidden),
    );
  }

  protected override widths(): { readonly hidden: number; readonly cell: number } {
    return { hidden: this.shape.projection ?? this.shape.hidden, cell: this.shape.hidden };
  }

  protected override advance(
    input: Tensor,
    { hidden, cell }: LSTMState,
    { recurrent, projection, peephole }: StepWeights,
  ): LSTMState {
    const [i, f, g, o] = split(add(input, matmul(hidden, recurrent)), 4) as [Tensor, Tensor, Tensor, Tensor];
    const [ofInput, ofForget, ofOutput] =
      peephole === undefined ? [] : (split(peephole, 3, 0) as [Tensor, Tensor, Tensor]); // each [1, hidden]
    const seeing = (gate: Tensor, weight: Tensor | undefined, memory: Tensor): Tensor =>
      sigmoid(weight === undefined ? gate : add(gate, mul(weight, memory)));
    const c = add(mul(seeing(f, ofForget, cell), cell), mul(seeing(i, ofInput, cell), tanh(g)));
    const h = mul(seeing(o, ofOutput, c), tanh(c));
    return { hidden: projection === undefined ? h : matmul(h, projection), cell: c };
  }
}
