import {
  add,
  Module,
  mul,
  ones,
  parameter,
  raggedMatmul,
  reshape,
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

/** The matrices of one expert. */
class Matrices extends Module {
  readonly expand: Parameter; // W₁  [width, hidden]
  readonly gate: Parameter | undefined; // V  [width, hidden]
  readonly contract: Parameter; // W₂  [hidden, width]

  constructor(expand: Parameter, gate: Parameter | undefined, contract: Parameter) {
    super();
    this.expand = expand;
    this.gate = gate;
    this.contract = contract;
  }
}

/**
 * The feed-forward networks of all experts, each with matrices of its own: backends then read and update them where
 * they are. Biases are small, so those of all experts are rows of one parameter. Each expert computes
 * W₂ activation(W₁ x + b₁) + b₂ for its own rows, or with a gate W₂ (activation(W₁ x + b₁) ⊙ (V x + c)) + b₂.
 */
export class Experts extends Module {
  /** Expert by expert, so that backends compute the gradients of one after the other. */
  readonly matrices: readonly Matrices[];
  readonly expandBias: Parameter | undefined; // b₁  [experts, hidden]
  readonly gateBias: Parameter | undefined; // c  [experts, hidden]
  readonly contractBias: Parameter | undefined; // b₂  [experts, width]
  readonly activation: (x: Tensor) => Tensor;
  readonly dropout: Dropout | undefined;

  constructor(count: number, width: number, options: ExpertsOptions) {
    super();
    const { hidden, gated, bias, random } = options;
    /** A matrix for each expert, each drawn like the weight of a `Linear`. */
    const drawn = (inputs: number, outputs: number, initializer: Initializer = fanInUniform) =>
      Array.from({ length: count }, () => parameter(transpose(initializer(random.next(), [outputs, inputs]))));
    const biases = (outputs: number) => (bias ? parameter(zeros([count, outputs])) : undefined);
    const expand = drawn(width, hidden, options.initializer);
    const gate = gated ? drawn(width, hidden, options.initializer) : undefined;
    const contract = drawn(hidden, width, options.outputInitializer);
    this.matrices = expand.map((own, i) => new Matrices(own, gate?.[i], contract[i]!));
    this.expandBias = biases(hidden);
    this.gateBias = gated ? biases(hidden) : undefined;
    this.contractBias = biases(width);
    this.activation = options.activation;
    this.dropout = options.dropout === 0 ? undefined : new Dropout(options.dropout, { random });
  }

  forward(rows: Tensor, sizes: Tensor): Tensor {
    // [rows, width] -> the same
    const each = ones([rows.shape[0]!, 1], { dtype: rows.dtype });
    const affine = (x: Tensor, own: "expand" | "gate" | "contract", biases: Parameter | undefined) => {
      const y = raggedMatmul(x, stack(this.matrices.map((expert) => expert[own]!)), sizes);
      if (biases === undefined) return y;
      const [count, outputs] = biases.shape as [number, number];
      return add(y, raggedMatmul(each, reshape(biases, [count, 1, outputs]), sizes));
    };
    const activated = this.activation(affine(rows, "expand", this.expandBias));
    const { gate } = this.matrices[0]!;
    const hidden = gate === undefined ? activated : mul(activated, affine(rows, "gate", this.gateBias));
    const kept = this.dropout === undefined ? hidden : this.dropout.forward(hidden);
    return affine(kept, "contract", this.contractBias);
  }
}
