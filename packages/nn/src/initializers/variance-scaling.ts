import { ArgumentError, normal, uniform, zeros, type Shape } from "@ansatz/core";
import type { Initializer } from "./basic.ts";

/** Fan in and fan out of a weight [outputs, inputs, ...window]. */
function fansOf(shape: Shape): { readonly in: number; readonly out: number } {
  const window = shape.slice(2).reduce((product, length) => product * length, 1);
  return { in: shape[1]! * window, out: shape[0]! * window };
}

const gains = {
  linear: 1,
  sigmoid: 1,
  tanh: 5 / 3,
  relu: Math.SQRT2,
  gelu: Math.SQRT2,
  silu: Math.SQRT2,
  elu: Math.SQRT2,
  selu: 3 / 4,
} as const;

/** A nonlinearity that `gainOf` knows. */
export type Nonlinearity = keyof typeof gains | { readonly leakyRelu: number };

/**
 * The factor by which weights before a nonlinearity must be larger, so that the signal keeps its size. The values are
 * PyTorch's, with √(2 / (1 + slope²)) for leakyRelu. GELU, SiLU and ELU have the gain of ReLU, which they resemble.
 *
 * @throws ArgumentError for an unknown nonlinearity
 * @example gainOf("relu")  // 1.4142
 */
export function gainOf(nonlinearity: Nonlinearity): number {
  if (typeof nonlinearity === "object") return Math.sqrt(2 / (1 + nonlinearity.leakyRelu ** 2));
  const gain = gains[nonlinearity];
  if (gain === undefined)
    throw new ArgumentError(
      `gainOf: "${String(nonlinearity)}" is unknown\n` +
        `  use one of ${Object.keys(gains).join(", ")}, or { leakyRelu: slope }`,
    );
  return gain;
}

/** Draws with a variance that depends on the fans. A bias, which has one axis, starts at zero. */
function scaled(
  draw: "uniform" | "normal",
  deviation: (fans: { readonly in: number; readonly out: number }) => number,
): Initializer {
  return (key, shape) => {
    if (shape.length < 2) return zeros(shape);
    const std = deviation(fansOf(shape));
    const bound = Math.sqrt(3) * std;
    return draw === "normal" ? normal(key, shape, { std }) : uniform(key, shape, { low: -bound, high: bound });
  };
}

/**
 * Uniform numbers of variance 2 gain² / (fan in + fan out): a compromise between keeping the size of the signal and of
 * the gradient. Glorot & Bengio 2010.
 *
 * A bias, which has one axis, starts at zero, as in all initialisers that depend on fans.
 *
 * @example xavierUniform({ gain: gainOf("tanh") })(key(0), [2, 3]).shape  // [2, 3]
 */
export function xavierUniform(options: { readonly gain?: number } = {}): Initializer {
  return scaled("uniform", (fans) => (options.gain ?? 1) * Math.sqrt(2 / (fans.in + fans.out)));
}

/**
 * Normal numbers of variance 2 gain² / (fan in + fan out). Glorot & Bengio 2010.
 *
 * @example xavierNormal()(key(0), [2, 3]).shape  // [2, 3]
 */
export function xavierNormal(options: { readonly gain?: number } = {}): Initializer {
  return scaled("normal", (fans) => (options.gain ?? 1) * Math.sqrt(2 / (fans.in + fans.out)));
}

export interface KaimingOptions {
  /** The nonlinearity that follows. Default: "relu". */
  readonly nonlinearity?: Nonlinearity;
  /** Whether the signal ("in") or the gradient ("out") keeps its size. Default: "in". */
  readonly fan?: "in" | "out";
}

/**
 * Uniform numbers of variance gain² / fan: the signal keeps its size through rectifiers. He, Zhang, Ren & Sun 2015,
 * arXiv:1502.01852.
 *
 * @example kaimingUniform({ fan: "out" })(key(0), [2, 3]).shape  // [2, 3]
 */
export function kaimingUniform(options: KaimingOptions = {}): Initializer {
  return scaled("uniform", (fans) => gainOf(options.nonlinearity ?? "relu") / Math.sqrt(fans[options.fan ?? "in"]));
}

/**
 * Normal numbers of variance gain² / fan. He, Zhang, Ren & Sun 2015, arXiv:1502.01852.
 *
 * @example kaimingNormal()(key(0), [2, 3]).shape  // [2, 3]
 */
export function kaimingNormal(options: KaimingOptions = {}): Initializer {
  return scaled("normal", (fans) => gainOf(options.nonlinearity ?? "relu") / Math.sqrt(fans[options.fan ?? "in"]));
}
