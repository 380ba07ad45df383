export { inverseCloze, type ClozePair } from "./inverse-cloze.ts";
export {
  inBatchNegatives,
  ragSequence,
  ragToken,
  retrieverLogProbabilities,
  withNullDocument,
  type MarginalOptions,
} from "./losses.ts";
export { RefreshingIndex, type Embed, type RebuildableIndex, type RefreshOptions } from "./refreshing-index.ts";
export { maskSalientSpan, salientSpans, type Span } from "./salient-spans.ts";
