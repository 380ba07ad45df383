import { add, matmul, relu, tanh, type Tensor } from "@ansatz/core";
import { Recurrent, type RecurrentOptions, type RecurrentState, type StepWeights } from "./recurrent.ts";

export interface RNNOptions extends RecurrentOptions {
  /** Default: "tanh". */
  readonly nonlinearity?: "tanh" | "relu";
}

/**
 * The simple recurrent network: h′ = tanh(W x + U h + b). Elman 1990. With two biases, as in PyTorch.
 *
 * x [time, batch, inputs] gives the outputs [time, batch, hidden · directions] and the last state, [layers ·
 * directions, batch, hidden].
 *
 * @throws ArgumentError for sizes that aren't whole numbers; ShapeError for inputs or states that do not fit
 * @example new RNN(3, 4).forward(zeros([5, 2, 3]))[0].shape  // [5, 2, 4]
 */
export class RNN extends Recurrent<RecurrentState> {
  readonly nonlinearity: "tanh" | "relu";

  constructor(inputs: number, hidden: number, options: RNNOptions = {}) {
    super({ inputs, hidden, gates: 1 }, options);
    this.nonlinearity = options.nonlinearity ?? "tanh";
  }

  protected override widths(): { readonly hidden: number } {
    return { hidden: this.shape.hidden };
  }

  protected override advance(input: Tensor, { hidden }: RecurrentState, { recurrent }: StepWeights): RecurrentState {
    return { hidden: (this.nonlinearity === "relu" ? relu : tanh)(add(input, matmul(hidden, recurrent))) };
  }
}
