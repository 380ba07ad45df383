import { normal, ones, truncatedNormal, uniform, zeros, type RandomKey, type Shape, type Tensor } from "@ansatz/core";

/** Makes the initial values of a parameter from a key and a shape. */
export type Initializer = (key: RandomKey, shape: Shape) => Tensor;

/**
 * Normal numbers with the given standard deviation.
 *
 * @example normalInitializer(0.02)(key(0), [2, 3]).shape  // [2, 3]
 */
export function normalInitializer(std: number): Initializer {
  return (key, shape) => normal(key, shape, { std });
}

/**
 * Normal numbers with the given standard deviation, none further out than `limit` deviations. Default: 2.
 *
 * @example truncatedNormalInitializer(0.02)(key(0), [2, 3]).shape  // [2, 3]
 */
export function truncatedNormalInitializer(std: number, options: { readonly limit?: number } = {}): Initializer {
  return (key, shape) => truncatedNormal(key, shape, { std, ...options });
}

/**
 * U(−bound, bound).
 *
 * @example uniformInitializer(0.08)(key(0), [2, 3]).shape  // [2, 3]
 */
export function uniformInitializer(bound: number): Initializer {
  return (key, shape) => uniform(key, shape, { low: -bound, high: bound });
}

/**
 * U(−1/√fan, 1/√fan), where fan is the product of all axes but the first: the default of PyTorch's layers. He et al.
 * 2015, arXiv:1502.01852, with a = √5.
 *
 * @example fanInUniform(key(0), [2, 3]).shape  // [2, 3]
 */
export const fanInUniform: Initializer = (key, shape) => {
  const fan = shape.length > 1 ? shape.slice(1).reduce((product, length) => product * length, 1) : (shape[0] ?? 1);
  const bound = 1 / Math.sqrt(fan);
  return uniform(key, shape, { low: -bound, high: bound });
};

/**
 * Zeros.
 *
 * @example zerosInitializer(key(0), [2])  // [0, 0]
 */
export const zerosInitializer: Initializer = (_key, shape) => zeros(shape);

/**
 * Ones.
 *
 * @example onesInitializer(key(0), [2])  // [1, 1]
 */
export const onesInitializer: Initializer = (_key, shape) => ones(shape);
