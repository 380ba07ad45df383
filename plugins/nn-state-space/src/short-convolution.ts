import { add, concat, Module, mul, parameter, silu, slice, transpose, uniform, zeros } from "@ansatz/core";
import type { Parameter, RandomStream, Tensor } from "@ansatz/core";

/**
 * A causal convolution of each channel with a short window of its own, then SiLU: yₜ = silu(b + Σⱼ wⱼ xₜ₋ⱼ).
 *
 * x [batch, time, channels], after the positions `past` [batch, window - 1, channels], which are zeros unless given.
 * Returns y, which has the shape of x, and the `past` of the next call.
 */
export class ShortConvolution extends Module {
  readonly weight: Parameter; // as in PyTorch: the present position is the last  [channels, 1, window]
  readonly bias: Parameter | undefined; // [channels]

  constructor(channels: number, window: number, options: { readonly bias: boolean; readonly random: RandomStream }) {
    super();
    const range = { low: -1 / Math.sqrt(window), high: 1 / Math.sqrt(window) };
    this.weight = parameter(uniform(options.random.next(), [channels, 1, window], range));
    this.bias = options.bias ? parameter(uniform(options.random.next(), [channels], range)) : undefined;
  }

  forward(x: Tensor, past?: Tensor): readonly [y: Tensor, past: Tensor] {
    const [[batch, time, channels], window] = [x.shape as [number, number, number], this.weight.shape[2]!];
    const whole = concat([past ?? zeros([batch, window - 1, channels], { dtype: x.dtype }), x], 1);
    const weights = transpose(this.weight, [2, 1, 0]); // [window, 1, channels]
    const terms = Array.from({ length: window }, (_, i) =>
      mul(slice(whole, [null, [i, i + time]]), slice(weights, [[i, i + 1]])),
    );
    const y = [...terms, ...(this.bias ? [this.bias.read()] : [])].reduce((sum, term) => add(sum, term));
    return [silu(y), slice(whole, [null, time])];
  }
}
