/** The exports that need no files, so that they work in browsers, too. */
export { backTranslated, type Translate } from "./augmentation/back-translation.ts";
export { cutMix } from "./augmentation/cut-mix.ts";
export { gaussianNoise, randomCrop, randomFlip } from "./augmentation/images.ts";
export { mixUp, type LabelledBatch } from "./augmentation/mix-up.ts";
export { dropWords, maskSpans, maskTokens, type MaskedTokens, type MaskingOptions } from "./augmentation/tokens.ts";
export { logMel, type LogMelOptions } from "./audio/log-mel.ts";
export type { BatchOf } from "./loading/batch-of.ts";
export { DataLoader, type DataLoaderOptions, type DataLoaderState } from "./loading/data-loader.ts";
export {
  Columns,
  mapped,
  Sequences,
  subset,
  type Column,
  type Dataset,
  type SequenceBatch,
  type SequencesOptions,
} from "./loading/dataset.ts";
export { addition } from "./synthetic/addition.ts";
export { copying } from "./synthetic/copying.ts";
export { keyValueFacts } from "./synthetic/key-value-facts.ts";
export { sorting } from "./synthetic/sorting.ts";
export { spirals } from "./synthetic/spirals.ts";
export { shortestTour, tourLength, travellingSalesman } from "./synthetic/travelling-salesman.ts";
export { TokenWindows, type TokenBatch } from "./token-windows.ts";
export { BytePairTokenizer, TokenizerError, type TokenizerJSON } from "./tokenizers/byte-pair-tokenizer.ts";
export { asciiTokenizer } from "./tokenizers/ascii-tokenizer.ts";
export { byteTokenizer } from "./tokenizers/byte-tokenizer.ts";
export { CharacterTokenizer } from "./tokenizers/character-tokenizer.ts";
export { gpt2Tokenizer } from "./tokenizers/gpt2-tokenizer.ts";
export { WordPieceTokenizer } from "./tokenizers/word-piece-tokenizer.ts";
export type { Tokenizer } from "./tokenizers/tokenizer.ts";
