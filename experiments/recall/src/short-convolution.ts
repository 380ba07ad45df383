import {
  add,
  ArgumentError,
  Module,
  mul,
  pad,
  parameter,
  slice,
  uniform,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import type { PositionFactory, PositionLayer } from "@ansatz/nn";

/**
 * A causal convolution of each feature with a window of its own, instead of positions: yₜ = Σⱼ wⱼ xₜ₋ⱼ. So a value
 * carries the key before it, for all mixers alike.
 *
 * x and the result are [batch, time, width].
 */
export class ShortConvolution extends Module implements PositionLayer {
  readonly weight: Parameter; // [window, width]

  constructor(width: number, { random }: Parameters<PositionFactory>[1]) {
    super();
    this.weight = parameter(uniform(random.next(), [3, width], { low: -1, high: 1 }));
  }

  forward(x: Tensor, position?: Tensor): Tensor {
    if (position !== undefined)
      throw new ArgumentError("ShortConvolution: it reads whole sequences\n  call forward of the model, not step");
    const time = x.shape[1]!;
    const [window] = this.weight.shape as [number, number];
    const padded = pad(x, [[0, 0], [window - 1, 0], [0, 0]]); // prettier-ignore
    const terms = Array.from({ length: window }, (_, i) =>
      mul(slice(padded, [null, [i, i + time]]), slice(this.weight, [[i, i + 1]])),
    );
    return terms.reduce((sum, term) => add(sum, term));
  }
}
