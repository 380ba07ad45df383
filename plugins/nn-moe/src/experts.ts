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
 * The feed-forward networks of all experts, each with parameters of its own: backends then read and update them where
 * they are. Each computes W₂ activation(W₁ x + b₁) + b₂ for its own rows, or with a
 * gate W₂ (activation(W₁ x + b₁) ⊙ (V x + c)) + b₂.
 */
export class Experts extends Module {
  readonly expand: readonly Parameter[]; // W₁  [width, hidden]
  readonly expandBias: readonly Parameter[] | undefined; // b₁  [1, hidden]
  readonly gate: readonly Parameter[] | undefined; // V  [width, hidden]
  readonly gateBias: readonly Parameter[] | undefined; // c  [1, hidden]
  readonly contract: readonly Parameter[]; // W₂  [hidden, width]
  readonly contractBias: readonly Parameter[] | undefined; // b₂  [1, width]
  readonly activation: (x: Tensor) => Tensor;
  readonly dropout: Dropout | undefined;

  constructor(count: number, width: number, options: ExpertsOptions) {
    super();
    const { hidden, gated, bias, random } = options;
    /** A matrix for each expert, each drawn like the weight of a `Linear`. */
    const matrices = (inputs: number, outputs: number, initializer: Initializer = fanInUniform) =>
      Array.from({ length: count }, () => parameter(transpose(initializer(random.next(), [outputs, inputs]))));
    const biases = (outputs: number) =>
      bias ? Array.from({ length: count }, () => parameter(zeros([1, outputs]))) : undefined;
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
    const affine = (x: Tensor, weights: readonly Parameter[], biases: readonly Parameter[] | undefined) => {
      const y = raggedMatmul(x, stack(weights), sizes);
      return biases === undefined ? y : add(y, raggedMatmul(each, stack(biases), sizes));
    };
    const activated = this.activation(affine(rows, this.expand, this.expandBias));
    const hidden = this.gate === undefined ? activated : mul(activated, affine(rows, this.gate, this.gateBias));
    const kept = this.dropout === undefined ? hidden : this.dropout.forward(hidden);
    return affine(kept, this.contract, this.contractBias);
  }
}
