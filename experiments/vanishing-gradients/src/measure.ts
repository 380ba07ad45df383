import { compile, div, grad, mean, mul, norm, normal, sum, tensor, type RandomStream, type Tensor } from "@ansatz/core";
import { LSTM } from "@ansatz/nn";
import { clipByGlobalNorm, globalNorm } from "@ansatz/optim";
import { median } from "simple-statistics";
import type { Latch } from "./model.ts";

export interface MeasureOptions {
  /** The longest distance. */
  readonly distances: number;
  readonly batch: number;
  readonly clip: number;
}

/** The smallest number above 0 in float32. It replaces gradients that vanished, so that they have a logarithm. */
const smallest = 2 ** -149;

/** log₁₀ of the norms of gradients. */
export interface Norms {
  /** Of the state at the start, relative to that at the end: the median over the sequences. */
  readonly log10StateGradient: number;
  /** Of all parameters. */
  readonly log10ParameterGradient: number;
  /** The same after clipping. */
  readonly log10ClippedGradient: number;
}

/**
 * The size of gradients at a distance, which is the length of the sequences. The loss is L = mean c · h over a batch of
 * noise, with the last output h and a random direction c for each sequence. One program serves all distances.
 */
export function gradientNorms(
  { layer }: Latch,
  random: RandomStream,
  { distances, batch, clip }: MeasureOptions,
): (distance: number) => Promise<Norms> {
  const [noise, direction] = [
    normal(random.next(), [distances, batch, 2]),
    normal(random.next(), [batch, layer.shape.hidden]),
  ];
  const c = div(direction, norm(direction, -1, { keepDims: true }));
  const gradients = compile((lengths: Tensor) => {
    const start: Readonly<Record<string, Tensor>> = { ...layer.zeroState(batch) };
    const [, end] =
      layer instanceof LSTM
        ? layer.forward(noise, start as ReturnType<LSTM["zeroState"]>, { lengths })
        : layer.forward(noise, { hidden: start["hidden"]! }, { lengths });
    const [ofStart, ofParameters] = grad(mean(sum(mul(c, end.hidden), -1)), [start, layer.parameters()] as const);
    return {
      state: ofStart,
      parameter: globalNorm(ofParameters),
      clipped: globalNorm(clipByGlobalNorm(ofParameters, clip)),
    };
  });
  return async (distance) => {
    const { state, parameter, clipped } = await gradients(tensor(new Int32Array(batch).fill(distance)));
    const parts = await Promise.all(Object.values(state).map((part) => part.data())); // each [batch, hidden]
    const sizes = Array.from({ length: batch }, (_, i) => {
      const rows = parts.flatMap((part) => [...part.subarray(i * layer.shape.hidden, (i + 1) * layer.shape.hidden)]);
      return Math.max(smallest, batch * Math.hypot(...rows)); // hypot is safe for numbers with tiny squares
    });
    return {
      log10StateGradient: Math.log10(median(sizes)),
      log10ParameterGradient: Math.log10(await parameter.item()),
      log10ClippedGradient: Math.log10(await clipped.item()),
    };
  };
}
