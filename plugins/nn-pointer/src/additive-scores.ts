import { add, expandDims, Module, squeeze, tanh, type RandomStream, type Tensor } from "@ansatz/core";
import { Linear } from "@ansatz/nn";

/** The scores of additive attention: uⱼ = vᵀ tanh(W₁ eⱼ + W₂ d). Bahdanau, Cho & Bengio 2014, arXiv:1409.0473. */
export class AdditiveScores extends Module {
  readonly key: Linear; // W₁
  readonly query: Linear; // W₂
  readonly score: Linear; // v

  constructor(hidden: number, random: RandomStream) {
    super();
    this.key = new Linear(hidden, hidden, { bias: false, random });
    this.query = new Linear(hidden, hidden, { bias: false, random });
    this.score = new Linear(hidden, 1, { bias: false, random });
  }

  /** d [batch, queries, hidden] and W₁ e [batch, choices, hidden] give u [batch, queries, choices]. */
  forward(queries: Tensor, projected: Tensor): Tensor {
    const hidden = tanh(add(expandDims(projected, 1), expandDims(this.query.forward(queries), 2)));
    return squeeze(this.score.forward(hidden), -1);
  }
}
