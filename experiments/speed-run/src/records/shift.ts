import { add, Module, mul, pad, parameter, slice, zeros, type Parameter, type Tensor } from "@ansatz/core";
import { MultiHeadAttention } from "@ansatz/nn";
import type { Record } from "../record.ts";
import { block } from "./block.ts";

/** y_t = x_t + s ⊙ x_{t−1}, with a weight s of each feature that starts at 0. [batch, time, width] -> the same */
class Shift extends Module {
  readonly weight: Parameter;

  constructor(width: number) {
    super();
    this.weight = parameter(zeros([width]));
  }

  forward(x: Tensor): Tensor {
    const before = slice(pad(x, [[0, 0], [1, 0], [0, 0]]), [null, [0, x.shape[1]!]]); // prettier-ignore
    return add(x, mul(this.weight, before));
  }
}

/** Peng et al. 2023, arXiv:2305.13048, whose token shift is in each layer; here it is applied to the embeddings. */
export const shift: Record = {
  ...block,
  idea: "each embedding also holds a part of the one before",
  steps: 470,
  model: {
    ...block.model,
    positions: (width) => new Shift(width),
    attention: (width, options) => new MultiHeadAttention(width, { ...options, positions: "rotary" }),
  },
};
