import { normal, ones, uniform, zeros, type RandomKey, type Shape, type Tensor } from "@ansatz/core";

/** The initial values of a parameter: from a key and a shape. */
export type Initializer = (key: RandomKey, shape: Shape) => Tensor;

/** Normal numbers of a given standard deviation. */
export function normalInitializer(std: number): Initializer {
  return (key, shape) => normal(key, shape, { std });
}

/**
 * U(−1/√fan, 1/√fan) with fan the last axis: what PyTorch's Linear starts from. He et al. 2015, arXiv:1502.01852, with a = √5.
 */
export const fanInUniform: Initializer = (key, shape) => {
  const bound = 1 / Math.sqrt(shape.at(-1) ?? 1);
  return uniform(key, shape, { low: -bound, high: bound });
};

/** Zeros. */
export const zerosInitializer: Initializer = (_key, shape) => zeros(shape);

/** Ones. */
export const onesInitializer: Initializer = (_key, shape) => ones(shape);
