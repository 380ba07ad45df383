import { add, matmul, mul, sigmoid, slice, split, sub, tanh, type Tensor } from "@ansatz/core";
import { Recurrent, type RecurrentOptions, type RecurrentState, type StepWeights } from "./recurrent.ts";

export interface GRUOptions extends RecurrentOptions {
  /**
   * Whether the reset gate acts on the product U h ("after", as in PyTorch and cuDNN) or on h ("before", as in the
   * paper). Default: "after".
   */
  readonly reset?: "after" | "before";
}

/**
 * Gated recurrent unit. Cho et al. 2014, arXiv:1406.1078.
 *
 *   r = σ(Wᵣx + Uᵣh + bᵣ)   z = σ(W_z x + U_z h + b_z)   n = tanh(Wₙx + bₙ + r ⊙ (Uₙh + b′ₙ)), or Uₙ(r ⊙ h) + b′ₙ
 *   h′ = (1 − z) ⊙ n + z ⊙ h
 *
 * The gates are stacked in the order r, z, n, with two biases, as in PyTorch. Shapes as in `RNN`.
 *
 * @throws ArgumentError for sizes that aren't whole numbers; ShapeError for inputs or states that do not fit
 * @example new GRU(3, 4, { bidirectional: true }).forward(zeros([5, 2, 3]))[0].shape  // [5, 2, 8]
 */
export class GRU extends Recurrent<RecurrentState> {
  readonly reset: "after" | "before";

  constructor(inputs: number, hidden: number, options: GRUOptions = {}) {
    super({ inputs, hidden, gates: 3, biasInside: true }, options);
    this.reset = options.reset ?? "after";
  }

  protected override widths(): { readonly hidden: number } {
    return { hidden: this.shape.hidden };
  }

  protected override advance(input: Tensor, { hidden }: RecurrentState, weights: StepWeights): RecurrentState {
    const [inputR, inputZ, inputN] = split(input, 3) as [Tensor, Tensor, Tensor];
    const [r, z, n] = this.reset === "after" ? gatesAfter(hidden, weights) : gatesBefore(hidden, weights);
    const reset = sigmoid(add(inputR, r));
    const update = sigmoid(add(inputZ, z));
    const next = tanh(add(inputN, n(reset)));
    return { hidden: add(next, mul(update, sub(hidden, next))) }; // (1 − z) n + z h
  }
}

type Gates = readonly [Tensor, Tensor, (reset: Tensor) => Tensor];

/** One product for all three gates. */
function gatesAfter(hidden: Tensor, { recurrent, biasRecurrent }: StepWeights): Gates {
  const product = matmul(hidden, recurrent);
  const [r, z, n] = split(biasRecurrent === undefined ? product : add(product, biasRecurrent), 3) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  return [r, z, (reset) => mul(reset, n)];
}

/** The product of the third gate needs the reset gate first. */
function gatesBefore(hidden: Tensor, { recurrent, biasRecurrent }: StepWeights): Gates {
  const width = hidden.shape.at(-1)!;
  const part = (x: Tensor, gate: number): Tensor =>
    matmul(x, slice(recurrent, [null, [gate * width, (gate + 1) * width]]));
  const biased = (y: Tensor, gate: number): Tensor =>
    biasRecurrent === undefined ? y : add(y, slice(biasRecurrent, [[gate * width, (gate + 1) * width]]));
  return [biased(part(hidden, 0), 0), biased(part(hidden, 1), 1), (reset) => biased(part(mul(reset, hidden), 2), 2)];
}
