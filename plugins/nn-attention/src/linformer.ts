import {
  ArgumentError,
  attention,
  normal,
  parameter,
  ShapeError,
  where,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";
import { MultiHeadAttention, type AttendOptions, type AttentionFactory, type KeyValue } from "@ansatz/nn";
import type { MultiHeadAttentionOptions } from "@ansatz/nn";
import { maskOfKeys, refusePositions, whole } from "./limits.ts";

export interface LinformerOptions {
  /** The longest sequence n, in positions. */
  readonly length: number;
  /** The number of positions k to which keys and values are projected. */
  readonly projected: number;
  /**
   * What shares a projection: "heads" shares E and F among the heads of a layer, "keyValue" also uses E for the values,
   * and "none" gives each head its own. Default: "heads".
   */
  readonly sharing?: "none" | "heads" | "keyValue";
  /** A projection to share with other layers, for keys and values. The paper calls this layerwise sharing. */
  readonly projection?: Parameter;
}

const sharings: readonly string[] = ["none", "heads", "keyValue"];
const notCausal =
  "Linformer: it cannot be causal, because its projections mix all positions\n" +
  "  use it in an encoder, or performer(), linearAttention() or localAttention() in a language model";

/**
 * Linformer: attention to k projections of all keys and values along the sequence, in time and memory that grow with
 * n · k. Wang et al. 2020, arXiv:2006.04768, equation 7.
 *
 *   y = softmax(Q (E K)ᵀ / √d) (F V)      E, F: [k, n]
 *
 * x and the result are [batch, time, width]; a time below n uses the first columns of E and F. A mask must be one of
 * keys, as from `paddingMask`. A projection mixes all positions, so that it cannot be causal.
 *
 * @throws ArgumentError if it is to be causal, for a shared projection with sharing "none", rotary or ALiBi positions,
 * a bias, or a mask that differs between queries; ShapeError for a sequence that is longer than n, or a shared
 * projection that isn't [k, n]
 * @example new Linformer(8, { heads: 2, length: 6, projected: 2 }).forward(zeros([1, 3, 8])).shape  // [1, 3, 8]
 */
export class Linformer extends MultiHeadAttention {
  readonly keyProjection: Parameter; // E  [k, n], or [heads, k, n]
  readonly valueProjection: Parameter; // F, which may be E

  constructor(width: number, options: MultiHeadAttentionOptions & LinformerOptions) {
    super(width, options);
    const { length, projected, sharing = "heads", projection } = options;
    refusePositions(this, ["rotary", "alibi"], "projected keys have no position");
    if (!sharings.includes(sharing))
      throw new ArgumentError(`Linformer: sharing is "${sharing}"\n  use "none", "heads" or "keyValue"`);
    if (projection !== undefined && String(projection.shape) !== String([projected, length]))
      throw new ShapeError(
        `Linformer: the shared projection is ${showShape(projection.shape)} but must be [${projected},${length}]`,
      );
    if (projection !== undefined && sharing === "none")
      throw new ArgumentError(
        'Linformer: a shared projection is for all heads, but sharing is "none"\n  leave one of them out',
      );
    const axes = [whole("Linformer: projected", projected), whole("Linformer: length", length)];
    const shape = sharing === "none" ? [this.heads, ...axes] : axes;
    const random = this.dropout.random.fork();
    const drawn = () => parameter(normal(random.next(), shape, { std: length ** -0.5 }));
    this.keyProjection = projection ?? drawn();
    this.valueProjection = projection ?? (sharing === "keyValue" ? this.keyProjection : drawn());
  }

  protected override mix(query: Tensor, key: Tensor, value: Tensor, options: AttendOptions): Tensor {
    if (options.causal === true) throw new ArgumentError(notCausal);
    const keys = key.shape[2]!;
    const length = this.keyProjection.shape.at(-1)!;
    if (keys > length)
      throw new ShapeError(`Linformer: the sequence has ${keys} positions, but its length is ${length}`);
    const counts = maskOfKeys(this, options, keys);
    const along = (projection: Parameter, x: Tensor): Tensor => {
      const own = projection.read().slice([...projection.shape.slice(0, -1).map(() => null), [0, keys]]);
      return own.matmul(counts === undefined ? x : where(counts, x, 0));
    };
    return attention(query, along(this.keyProjection, key), along(this.valueProjection, value), {
      transformWeights: (weights) => this.dropout.forward(weights),
    });
  }

  /** @throws ArgumentError, because text cannot be written by a layer that looks ahead */
  override begin(): KeyValue {
    throw new ArgumentError(notCausal);
  }
}

/**
 * Makes `Linformer` for the blocks of an encoder.
 *
 * @example const attention = linformer({ length: 6, projected: 2 });
 * new TransformerEncoder(8, { layers: 1, heads: 2, attention }).forward(zeros([1, 3, 8])).shape // [1, 3, 8]
 */
export function linformer(options: LinformerOptions): AttentionFactory {
  return (width, block) => new Linformer(width, { ...block, ...options });
}
