import { dynamicSlice, dynamicUpdateSlice, reshape, tensor, type Tensor } from "@ansatz/core";
import type { Tree } from "@ansatz/core/plugin";
import type { LanguageModel } from "./language-model.ts";

/** How a model reads a text token by token: with its own cache, or with a window as the cache. */
export interface Decoder {
  /** How many tokens it can hold. */
  readonly capacity: number;
  /** The cache at the start of a text, and how many of its tokens are already in it. */
  begin(text: readonly number[]): { readonly cache: Tree; readonly read: number };
  /** The scores after one more token of each row. */
  step(tokens: Tensor, position: Tensor, cache: Tree): readonly [Tensor, Tree];
}

/** The decoder for texts of up to `length` tokens, `batch` at a time. */
export function decoderOf(model: LanguageModel, batch: number, length: number): Decoder {
  const { context = Infinity } = model;
  const cached = model.step !== undefined && model.begin?.(batch) !== undefined;
  if (!cached) return windowed(model, batch, Math.min(context, length));
  return {
    capacity: context,
    begin: () => ({ cache: model.begin!(batch)!, read: 0 }),
    step: (tokens, position, cache) => model.step!(tokens, position, cache),
  };
}

/** The cache is the text itself, padded at the end to a fixed length so that the model is compiled once. */
function windowed(model: LanguageModel, batch: number, capacity: number): Decoder {
  return {
    capacity,
    begin(text) {
      const rows = new Int32Array(batch * capacity);
      for (let row = 0; row < batch; row++) rows.set(text, row * capacity);
      return { cache: tensor(rows, { shape: [batch, capacity] }), read: text.length - 1 };
    },
    step(tokens, position, cache) {
      const window = dynamicUpdateSlice(cache as Tensor, reshape(tokens, [batch, 1]), [0, position]);
      const scores = model.forward(window); // [batch, capacity, vocabulary]
      const latest = dynamicSlice(scores, [0, position, 0], [batch, 1, model.vocabularySize]);
      return [reshape(latest, [batch, model.vocabularySize]), window];
    },
  };
}
