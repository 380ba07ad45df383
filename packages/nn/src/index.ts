export { glu } from "./activations/glu.ts";
export { PReLU } from "./activations/prelu.ts";
export { temperatureSoftmax } from "./activations/temperature-softmax.ts";
export { AdditiveAttention } from "./attention/additive-attention.ts";
export { EncoderDecoder } from "./attention/encoder-decoder.ts";
export { attendInBlocks, type BlockOptions } from "./attention/attend-in-blocks.ts";
export type { AttendOptions, AttentionLayer } from "./attention/attention-layer.ts";
export { fromHuggingFace, toHuggingFace } from "./attention/hugging-face.ts";
export { llama } from "./attention/llama.ts";
export {
  type AttentionFactory,
  type KeyValue,
  MultiHeadAttention,
  type MultiHeadAttentionOptions,
} from "./attention/multi-head-attention.ts";
export { paddingMask } from "./attention/padding-mask.ts";
export {
  TransformerBlock,
  type TransformerBlockForwardOptions,
  type TransformerBlockOptions,
} from "./attention/transformer-block.ts";
export { TransformerLM, type TransformerLMOptions } from "./attention/transformer-lm.ts";
export { TransformerDecoder, TransformerEncoder, type TransformerStackOptions } from "./attention/transformer-stack.ts";
export { adaptiveAveragePool, adaptiveMaxPool } from "./convolution/adaptive-pooling.ts";
export { ConvTranspose1d } from "./convolution/conv-transpose1d.ts";
export { ConvTranspose2d } from "./convolution/conv-transpose2d.ts";
export { Conv1d } from "./convolution/conv1d.ts";
export { Conv2d } from "./convolution/conv2d.ts";
export type { ConvolutionLayerOptions, Spatial } from "./convolution/convolution-layer.ts";
export type { TransposedConvolutionLayerOptions } from "./convolution/transposed-convolution-layer.ts";
export { type BeamHypothesis, beamSearch, type BeamSearchOptions } from "./generation/beam-search.ts";
export { generate, type GenerateOptions } from "./generation/generate.ts";
export type { LanguageModel } from "./generation/language-model.ts";
export {
  fanInUniform,
  type Initializer,
  normalInitializer,
  onesInitializer,
  truncatedNormalInitializer,
  uniformInitializer,
  zerosInitializer,
} from "./initializers/basic.ts";
export { orthogonal } from "./initializers/orthogonal.ts";
export {
  gainOf,
  kaimingNormal,
  type KaimingOptions,
  kaimingUniform,
  type Nonlinearity,
  xavierNormal,
  xavierUniform,
} from "./initializers/variance-scaling.ts";
export { Bilinear } from "./layers/bilinear.ts";
export { Embedding, type EmbeddingOptions } from "./layers/embedding.ts";
export { FeedForward, type FeedForwardFactory, type FeedForwardOptions } from "./layers/feed-forward.ts";
export { GatedFeedForward, type GatedFeedForwardOptions } from "./layers/gated-feed-forward.ts";
export { Linear, type LinearOptions } from "./layers/linear.ts";
export { Residual } from "./layers/residual.ts";
export { type Layer, Sequential } from "./layers/sequential.ts";
export type { UnaryLayer } from "./layers/unary-layer.ts";
export { binaryCrossEntropy, type BinaryCrossEntropyOptions } from "./losses/binary-cross-entropy.ts";
export { crossEntropy, type CrossEntropyOptions } from "./losses/cross-entropy.ts";
export { ctcBeamDecode, type CTCDecodeOptions, ctcGreedyDecode, type CTCHypothesis } from "./losses/ctc-decoding.ts";
export { ctcLoss, type CTCOptions } from "./losses/ctc-loss.ts";
export { huber } from "./losses/huber.ts";
export { klDivergence, type KLDivergenceOptions } from "./losses/kl-divergence.ts";
export { meanAbsoluteError } from "./losses/mean-absolute-error.ts";
export { meanSquaredError } from "./losses/mean-squared-error.ts";
export type { Reduction } from "./losses/reduction.ts";
export { checkpointed } from "./memory/checkpointed.ts";
export { quantize } from "./memory/quantize.ts";
export { type QuantizationError, QuantizedLinear } from "./memory/quantized-linear.ts";
export { BatchNorm, type BatchNormOptions } from "./normalization/batch-norm.ts";
export { GroupNorm } from "./normalization/group-norm.ts";
export { LayerNorm, type LayerNormOptions } from "./normalization/layer-norm.ts";
export type { Normalization, NormalizationFactory } from "./normalization/normalization.ts";
export { RMSNorm, type RMSNormOptions } from "./normalization/rms-norm.ts";
export { alibiBias, type AlibiOptions } from "./positions/alibi.ts";
export { LearnedPositions, type LearnedPositionsOptions } from "./positions/learned-positions.ts";
export type { PositionFactory, PositionLayer, PositionOptions } from "./positions/position-layer.ts";
export { rotary, type RotaryOptions } from "./positions/rotary.ts";
export { sinusoidalPositions, SinusoidalPositions } from "./positions/sinusoidal.ts";
export { fromPyTorch, type PyTorchLayout, toPyTorch } from "./pytorch-state.ts";
export { type RandomSource, streamOf } from "./random-source.ts";
export { AttentionSeq2Seq, type AttentionSeq2SeqOptions } from "./recurrent/attention-seq2seq.ts";
export { GRU, type GRUOptions } from "./recurrent/gru.ts";
export { LSTM, type LSTMOptions, type LSTMState } from "./recurrent/lstm.ts";
export type {
  DirectionWeights,
  LayerWeights,
  RecurrentForwardOptions,
  RecurrentOptions,
  RecurrentState,
} from "./recurrent/recurrent.ts";
export { LSTMLM, type LSTMLMOptions } from "./recurrent/lstm-lm.ts";
export { RNN, type RNNOptions } from "./recurrent/rnn.ts";
export { Dropout } from "./regularization/dropout.ts";
export { FeatureDropout } from "./regularization/feature-dropout.ts";
export { StochasticDepth } from "./regularization/stochastic-depth.ts";
export { l1Penalty, l2Penalty } from "./regularization/weight-penalties.ts";
