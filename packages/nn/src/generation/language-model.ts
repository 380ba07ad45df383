import type { Module, Tensor } from "@ansatz/core";
import type { Tree } from "@ansatz/core/plugin";

/**
 * A model that scores the next token: what `generate` and `beamSearch` accept.
 *
 * Only `forward` and `vocabularySize` are required; the text is then written by running a window of fixed length again
 * for each token. A model with `begin` and `step` keeps a cache and reads each token once.
 */
export interface LanguageModel extends Module {
  /** The number of tokens that it tells apart. */
  readonly vocabularySize: number;
  /** The longest sequence that it reads, in tokens. Default: no limit. */
  readonly context?: number;
  /** [batch, time] of int32 -> the scores [batch, time, vocabularySize]. No position may look ahead. */
  forward(tokens: Tensor): Tensor;
  /** The empty cache: tensors whose first axis is the batch. Undefined if this instance has no cache. */
  begin?(batch: number): Tree | undefined;
  /** Scores [batch, vocabularySize] after one more token of each row [batch], at `position`, a 0-d int32. */
  step?(tokens: Tensor, position: Tensor, cache: Tree): readonly [Tensor, Tree];
}
