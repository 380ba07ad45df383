import { ArgumentError, type StateDict, type TensorData } from "@ansatz/core";
import { GatedFeedForward } from "../layers/gated-feed-forward.ts";
import { RMSNorm } from "../normalization/rms-norm.ts";
import { renamed, within } from "../pytorch-state.ts";
import { oneOfTied, underAllNames } from "../tied-weights.ts";
import { MultiHeadAttention } from "./multi-head-attention.ts";
import type { TransformerLM } from "./transformer-lm.ts";

const ofModel = renamed(
  ["tokens.", "model.embed_tokens."],
  ["blocks.", "model.layers."],
  ["norm.", "model.norm."],
  ["head.", "lm_head."],
);
const ofBlock = renamed(
  ["attentionNorm.", "input_layernorm."],
  ["attention.query.", "self_attn.q_proj."],
  ["attention.key.", "self_attn.k_proj."],
  ["attention.value.", "self_attn.v_proj."],
  ["attention.output.", "self_attn.o_proj."],
  ["feedForwardNorm.", "post_attention_layernorm."],
  ["feedForward.gate.", "mlp.gate_proj."],
  ["feedForward.expand.", "mlp.up_proj."],
  ["feedForward.contract.", "mlp.down_proj."],
);

/**
 * The state dict of a model with LLaMA's parts, as `LlamaForCausalLM` of Hugging Face's transformers has it: with its
 * names, and with the rows of queries and keys in the order of its rotary positions.
 *
 * @throws ArgumentError for a model with other parts than LLaMA
 * @example const sizes = { vocabularySize: 5, width: 8, layers: 1, heads: 2, context: 4 };
 * const model = new TransformerLM({ ...sizes, ...llama });
 * Object.keys(toHuggingFace(model, await model.stateDict())).includes("lm_head.weight") // true
 */
export function toHuggingFace(model: TransformerLM, state: StateDict): StateDict {
  const blocks = attentions(model, "toHuggingFace").reduce(
    (whole, attention, i) =>
      within(whole, `blocks.${i}`, (own) => ofBlock.toPyTorch(reordered(own, attention, "halves"))),
    underAllNames(model, state),
  );
  return ofModel.toPyTorch(blocks);
}

/**
 * A state dict of `LlamaForCausalLM` of Hugging Face's transformers, with the model's own names and order:
 * `model.loadStateDict(fromHuggingFace(model, tensors))`. Relatives with the same entries load,
 * too, but what else they do, such as the sliding window of Mistral, does not exist here.
 * Give the model the `rotaryBase` and `epsilon` of their configuration (`rope_theta`, `rms_norm_eps`). Rescaled rotary
 * frequencies (`rope_scaling`, as in LLaMA 3.1) do not exist here.
 *
 * @throws ArgumentError for a model with other parts than LLaMA; StateError if the entries of tied embeddings differ
 * @example const sizes = { vocabularySize: 5, width: 8, layers: 1, heads: 2, context: 4 };
 * const weight = { shape: [8], dtype: "float32" as const, data: new Float32Array(8) };
 * const model = new TransformerLM({ ...sizes, ...llama });
 * Object.keys(fromHuggingFace(model, { "model.norm.weight": weight })) // ["norm.weight"]
 */
export function fromHuggingFace(model: TransformerLM, state: StateDict): StateDict {
  // Frequencies that files of old versions hold are no weights.
  const weights = Object.entries(state).filter(([name]) => !name.endsWith(".rotary_emb.inv_freq"));
  const ours = attentions(model, "fromHuggingFace").reduce(
    (whole, attention, i) =>
      within(whole, `blocks.${i}`, (own) => reordered(ofBlock.fromPyTorch(own), attention, "neighbours")),
    ofModel.fromPyTorch(Object.fromEntries(weights)),
  );
  return oneOfTied(model, ours);
}

function attentions(model: TransformerLM, caller: string): readonly MultiHeadAttention[] {
  for (const { attentionNorm, feedForward } of model.blocks)
    if (!(attentionNorm instanceof RMSNorm) || !(feedForward instanceof GatedFeedForward))
      throw new ArgumentError(`${caller}: the model has other parts than LLaMA\n  make it with the preset llama`);
  return model.blocks.map(({ attention }) => {
    if (!(attention instanceof MultiHeadAttention) || attention.positions !== "rotary")
      throw new ArgumentError(`${caller}: the model has no rotary positions\n  make it with the preset llama`);
    return attention;
  });
}

/** Reorders the rows of queries and keys. */
function reordered(state: StateDict, attention: MultiHeadAttention, order: Order): StateDict {
  const features = attention.width / attention.heads;
  return Object.fromEntries(
    Object.entries(state).map(([name, entry]) => [
      name,
      /^attention\.(query|key)\./.test(name) ? moved(entry, features, order) : entry,
    ]),
  );
}

/** Where the two features of a rotated pair are: side by side as in ours, or half a head apart as in theirs. */
type Order = "neighbours" | "halves";

function moved({ shape, dtype, data }: TensorData, features: number, order: Order): TensorData {
  const size = data.length / shape[0]!; // of a row
  const result = data.slice();
  for (let row = 0; row < shape[0]!; row++) {
    const [place, head] = [row % features, row - (row % features)];
    const other = head + Math.floor(place / 2) + ((place % 2) * features) / 2; // the row in halves
    const [from, to] = order === "neighbours" ? [other, row] : [row, other];
    result.set(data.subarray(from * size, (from + 1) * size), to * size);
  }
  return { shape, dtype, data: result };
}
