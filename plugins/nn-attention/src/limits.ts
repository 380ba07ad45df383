import { ArgumentError, type DType, type Tensor } from "@ansatz/core";
import { showShape, toTensor } from "@ansatz/core/plugin";
import type { AttendOptions, MultiHeadAttention } from "@ansatz/nn";

/** @throws ArgumentError for positions that an attention cannot honour */
export function refusePositions(layer: MultiHeadAttention, refused: readonly string[], reason: string): void {
  if (!refused.includes(layer.positions ?? "")) return;
  throw new ArgumentError(
    `${layer.constructor.name}: positions cannot be "${layer.positions}", because ${reason}\n` +
      "  use learned or sinusoidal positions, which are added to the embeddings",
  );
}

/**
 * The mask of keys among the options, as [batch, heads, keys, 1], true where a key counts; batch and heads may be 1.
 *
 * @throws ArgumentError if it differs between queries or does not fit the keys, and for a bias
 */
export function maskOfKeys(
  { constructor: { name } }: MultiHeadAttention,
  { mask: given, bias }: AttendOptions,
  keys: number,
): Tensor | undefined {
  if (bias !== undefined)
    throw new ArgumentError(
      `${name}: it cannot add a bias to the scores, because it does not compute each score\n` +
        "  leave the bias out, or use blockedAttention",
    );
  if (given === undefined) return undefined;
  const mask = toTensor(given);
  const [batch = 1, heads = 1, queries = 1, own = 1] = [...Array<number>(4 - mask.rank).fill(1), ...mask.shape];
  if (queries === 1 && (own === keys || own === 1))
    return mask.reshape([batch, heads, own, 1]).broadcastTo([batch, heads, keys, 1]);
  throw new ArgumentError(
    `${name}: the mask is ${showShape(mask.shape)}, but queries must share one of ${keys} keys\n` +
      "  pass a mask of keys, as from paddingMask, or use blockedAttention",
  );
}

/** The value. @throws ArgumentError unless it is a whole number, `least` or more */
export function whole(name: string, value: number, least = 1): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new ArgumentError(`${name} is ${String(value)}\n  use a whole number, ${least} or more`);
}

/** Added to scores: 0 where a look is allowed, and elsewhere so little that softmax gives exactly 0. */
export function penalty(allowed: Tensor, dtype: DType): Tensor {
  return allowed.not().cast(dtype).mul(-1e30);
}
