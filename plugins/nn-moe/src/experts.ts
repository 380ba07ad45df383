import {
  add,
  Module,
  mul,
  ones,
  parameter,
  raggedMatmul,
  stack,
  transpose,
  zeros,
  type Parameter,
  type RandomStream,
  type Tensor,
} from "@ansatz/core";
import { Dropout, fanInUniform, type Initializer } from "@ansatz/nn";

export interface ExpertsOptions {
  readonly hidden: number;
  readonly activation: (x: Tensor) => Tensor;
  readonly gated: boolean;
  readonly bias: boolean;
  readonly dropout: number;
  readonly initializer: Initializer | undefined;
  readonly outputInitializer: Initializer | undefined;
  readonly random: RandomStream;
}

/**
 * The feed-forward networks of all experts. Each computes W₂ activation(W₁ x + b₁) + b₂ for its own rows, or with a
 * gate W₂ (activation(W₁ x + b₁) ⊙ (V x + c)) + b₂.
 */
export class Experts extends Module {
  readonly expand: Parameter; // W₁  [experts, width, hidden]
  readonly expandBias: Parameter | undefined; // b₁  [experts, 1, hidden]
  readonly gate: Parameter | undefined; // V  [experts, width, hidden]
  readonly gateBias: Parameter | undefined; // c  [experts, 1, hidden]
  readonly contract: Parameter; // W₂  [experts, hidden, width]
  readonly contractBias: Parameter | undefined; // b₂  [experts, 1, width]
  readonly activation: (x: Tensor) => Tensor;
  readonly dropout: Dropout | undefined;

  constructor(count: number, width: number, options: ExpertsOptions) {
    super();
    const { hidden, gated, bias, random } = options;
    /** A matrix for each expert, each drawn like the weight of a `Linear`. */
    const matrices = (inputs: number, outputs: number, initializer: Initializer = fanInUniform) => {
      const each = Array.from({ length: count }, () => initializer(random.next(), [outputs, inputs]));
      return parameter(transpose(stack(each), [0, 2, 1]));
    };
    const biases = (outputs: number) => (bias ? parameter(zeros([count, 1, outputs])) : undefined);
    this.expand = matrices(width, hidden, options.initializer);
    this.expandBias = biases(hidden);
    this.gate = gated ? matrices(width, hidden, options.initializer) : undefined;
    this.gateBias = gated ? biases(hidden) : undefined;
    this.contract = matrices(hidden, width, options.outputInitializer);
    this.contractBias = biases(width);
    this.activation = options.activation;
    this.dropout = options.dropout === 0 ? undefined : new Dropout(options.dropout, { random });
  }

  forward(rows: Tensor, sizes: Tensor): Tensor {
    // [rows, width] -> the same
    const each = ones([rows.shape[0]!, 1], { dtype: rows.dtype });
    const affine = (x: Tensor, weight: Parameter, bias: Parameter | undefined) => {
      const y = raggedMatmul(x, weight, sizes);
      return bias === undefined ? y : add(y, raggedMatmul(each, bias, sizes));
    };
    const activated = this.activation(affine(rows, this.expand, this.expandBias));
    const hidden = this.gate === undefined ? activated : mul(activated, affine(rows, this.gate, this.gateBias));
    const kept = this.dropout === undefined ? hidden : this.dropout.forward(hidden);
    return affine(kept, this.contract, this.contractBias);
  }
}
