import { add, matmul, Module, mul, parameter, scan, sigmoid, split, tanh, transpose, uniform, zeros, type Parameter, type Tensor } from "@ansatz/core";
import { streamOf, type RandomSource } from "./random-source.ts";

/** What an LSTM carries from step to step. */
export type LSTMState = {
  readonly hidden: Tensor; // h  [batch, hidden]
  readonly cell: Tensor; // c  [batch, hidden]
};

/**
 * Long short-term memory. Hochreiter & Schmidhuber 1997; with forget gates, Gers, Schmidhuber & Cummins 2000.
 *
 *   i = σ(Wᵢx + Uᵢh + bᵢ)   f = σ(W_f x + U_f h + b_f)   g = tanh(W_g x + U_g h + b_g)   o = σ(Wₒx + Uₒh + bₒ)
 *   c′ = f ⊙ c + i ⊙ g      h′ = o ⊙ tanh(c′)
 *
 * Gates are stacked in PyTorch's order i, f, g, o, with PyTorch's two biases and names.
 *
 * @example new LSTM(3, 4).forward(zeros([5, 2, 3]))[0].shape  // [5, 2, 4]
 */
export class LSTM extends Module {
  readonly weight_ih_l0: Parameter; // W  [4 · hidden, inputs]
  readonly weight_hh_l0: Parameter; // U  [4 · hidden, hidden]
  readonly bias_ih_l0: Parameter; // [4 · hidden]
  readonly bias_hh_l0: Parameter; // [4 · hidden]
  readonly hidden: number;

  constructor(inputs: number, hidden: number, options: { readonly random?: RandomSource } = {}) {
    super();
    const random = streamOf(options.random);
    const bound = 1 / Math.sqrt(hidden);
    const start = (shape: number[]) => parameter(uniform(random.next(), shape, { low: -bound, high: bound }));
    this.hidden = hidden;
    this.weight_ih_l0 = start([4 * hidden, inputs]);
    this.weight_hh_l0 = start([4 * hidden, hidden]);
    this.bias_ih_l0 = start([4 * hidden]);
    this.bias_hh_l0 = start([4 * hidden]);
  }

  forward(x: Tensor, state?: LSTMState): readonly [Tensor, LSTMState] { // [time, batch, inputs] -> [time, batch, hidden]
    const zero = zeros([x.shape[1]!, this.hidden]);
    // What depends on the input alone is one large product, outside the loop.
    const projected = add(matmul(x, transpose(this.weight_ih_l0)), add(this.bias_ih_l0, this.bias_hh_l0));
    const recurrent = transpose(this.weight_hh_l0);
    const [last, outputs] = scan(
      ({ hidden, cell }, input) => {
        const [i, f, g, o] = split(add(input, matmul(hidden, recurrent)), 4) as [Tensor, Tensor, Tensor, Tensor];
        const c = add(mul(sigmoid(f), cell), mul(sigmoid(i), tanh(g)));
        const h = mul(sigmoid(o), tanh(c));
        return [{ hidden: h, cell: c }, h];
      },
      state ?? { hidden: zero, cell: zero },
      projected,
    );
    return [outputs, last as LSTMState];
  }
}
