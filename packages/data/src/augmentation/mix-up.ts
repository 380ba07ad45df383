import {
  add,
  ArgumentError,
  gather,
  mul,
  permutation,
  reshape,
  sub,
  tensor,
  type RandomKey,
  type Tensor,
} from "@ansatz/core";
import { betaNumbers } from "./beta.ts";

/** Inputs and their targets: classes as probabilities, e.g. `oneHot(label, 10)`. */
export interface LabelledBatch {
  readonly input: Tensor; // [batch, ...]
  readonly target: Tensor; // [batch, classes]
}

/** @throws ArgumentError unless alpha is above 0 */
export function checkAlpha(name: string, alpha: number): void {
  if (!(alpha > 0)) throw new ArgumentError(`${name}: alpha is ${alpha}\n  use a number above 0`);
}

/**
 * MixUp: mixes each example with another one of the batch, and their targets in the same way: λ x + (1 − λ) x′ with λ ~
 * Beta(α, α). Zhang, Cisse, Dauphin & Lopez-Paz 2017, arXiv:1710.09412.
 *
 * @throws ArgumentError unless α is above 0
 * @example mixUp({ input: ones([2, 3]), target: ones([2, 1]) }, key(0)).input.shape  // [2, 3]
 */
export function mixUp(
  { input, target }: LabelledBatch,
  key: RandomKey,
  options: { readonly alpha?: number } = {},
): LabelledBatch {
  const { alpha = 0.2 } = options;
  checkAlpha("mixUp", alpha);
  const [batch] = input.shape as [number];
  const partner = permutation(key.fold(0), batch);
  const share = tensor(betaNumbers(key.fold(1), alpha, batch));
  const mixed = (x: Tensor): Tensor => {
    const λ = reshape(share, [batch, ...x.shape.slice(1).map(() => 1)]);
    return add(mul(λ, x), mul(sub(1, λ), gather(x, partner)));
  };
  return { input: mixed(input), target: mixed(target) };
}
