import { mul, ShapeError, sigmoid, split, type Tensor } from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";

/**
 * Gated linear unit: a ⊙ gate(b), where a and b are the halves of the last axis. Dauphin et al. 2016, arXiv:1612.08083.
 *
 * The gate is `sigmoid` by default. `relu` makes it ReGLU, `gelu` GEGLU, `silu` SwiGLU, and `(b) => b` bilinear:
 * Shazeer 2020, arXiv:2002.05202.
 *
 * @throws ShapeError if the last axis has an odd length
 * @example glu(tensor([3, 0]))  // [1.5]
 */
export function glu(x: Tensor, options: { readonly gate?: (b: Tensor) => Tensor } = {}): Tensor {
  // [..., 2 n] -> [..., n]
  if ((x.shape.at(-1) ?? 1) % 2 !== 0)
    throw new ShapeError(`glu: the last axis of ${showShape(x.shape)} cannot be halved\n  give it an even length`);
  const [a, b] = split(x, 2) as [Tensor, Tensor];
  return mul(a, (options.gate ?? sigmoid)(b));
}
