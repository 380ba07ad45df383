export type { Database, Embeddings, Hit, Passage, Row, Table } from "./database.ts";
export { inverseCloze, type ClozePair } from "./inverse-cloze.ts";
export { lance, type LanceOptions } from "./lance.ts";
export {
  inBatchNegatives,
  ragSequence,
  ragToken,
  retrieverLogProbabilities,
  withNullDocument,
  type MarginalOptions,
} from "./losses.ts";
export { memory } from "./memory.ts";
export { passages, type PassagesOptions } from "./passages.ts";
export { pglite, type PGliteOptions } from "./pglite.ts";
export { RefreshingIndex, type RefreshOptions } from "./refreshing-index.ts";
export { RetrievalError } from "./retrieval-error.ts";
export { maskSalientSpan, salientSpans, type Span } from "./salient-spans.ts";
export { recallOf, VectorIndex, type Embed, type RebuildOptions, type SearchOptions } from "./vector-index.ts";
