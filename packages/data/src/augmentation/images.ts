import {
  add,
  ArgumentError,
  bernoulli,
  broadcastTo,
  flip,
  greater,
  iota,
  mul,
  normal,
  pad,
  randomIntegers,
  reshape,
  takeAlongAxis,
  where,
  type RandomKey,
  type Tensor,
} from "@ansatz/core";

function checkImages(
  name: string,
  x: Tensor,
): readonly [batch: number, channels: number, rows: number, columns: number] {
  if (x.rank !== 4)
    throw new ArgumentError(`${name}: the input has ${x.rank} axes\n  it must be [batch, channels, rows, columns]`);
  return x.shape as readonly number[] as readonly [number, number, number, number];
}

/**
 * Shifts each image by up to `padding` pixels along both axes, and fills in zeros from outside. He et al.
 * 2015, arXiv:1512.03385, Section 4.2, after Lee et al. 2014, arXiv:1409.5185.
 *
 * x and the result are [batch, channels, rows, columns].
 *
 * @throws ArgumentError if x isn't images, or the padding isn't a whole number
 * @example randomCrop(ones([1, 1, 4, 4]), key(0), { padding: 2 }).shape  // [1, 1, 4, 4]
 */
export function randomCrop(x: Tensor, key: RandomKey, options: { readonly padding: number }): Tensor {
  const { padding } = options;
  const [batch, channels, rows, columns] = checkImages("randomCrop", x);
  if (!Number.isInteger(padding) || padding < 0)
    throw new ArgumentError(`randomCrop: the padding is ${padding}\n  use a whole number, 0 or more`);
  const padded = pad(x, [
    [0, 0],
    [0, 0],
    [padding, padding],
    [padding, padding],
  ]);
  const start = (own: RandomKey): Tensor => randomIntegers(own, [batch, 1, 1, 1], { high: 2 * padding + 1 });
  const fromRows = add(reshape(iota(rows), [1, 1, rows, 1]), start(key.fold(0)));
  const fromColumns = add(reshape(iota(columns), [1, 1, 1, columns]), start(key.fold(1)));
  const cut = takeAlongAxis(padded, broadcastTo(fromRows, [batch, channels, rows, columns + 2 * padding]), 2);
  return takeAlongAxis(cut, broadcastTo(fromColumns, [batch, channels, rows, columns]), 3);
}

/**
 * Flips each image left to right with a probability. Default: ½.
 *
 * x and the result are [batch, channels, rows, columns].
 *
 * @throws ArgumentError if x isn't images, or the probability is outside 0 to 1
 * @example randomFlip(tensor([[[[1, 2]]]]), key(0), { probability: 1 })  // [[[[2, 1]]]]
 */
export function randomFlip(x: Tensor, key: RandomKey, options: { readonly probability?: number } = {}): Tensor {
  const [batch] = checkImages("randomFlip", x);
  return where(greater(bernoulli(key, options.probability ?? 0.5, [batch, 1, 1, 1]), 0), flip(x, 3), x);
}

/**
 * Adds normal noise to each element: x + ε with ε ~ N(0, std²). Bishop 1995.
 *
 * @example gaussianNoise(ones([2, 3]), key(0), { std: 0.1 }).shape  // [2, 3]
 */
export function gaussianNoise(x: Tensor, key: RandomKey, options: { readonly std: number }): Tensor {
  return add(x, mul(normal(key, x.shape), options.std));
}
