export type { Database, Embeddings, Hit, Passage, Row, Table } from "./database.ts";
export { inMemory } from "./in-memory.ts";
export { indexPassages, type IndexPassagesOptions } from "./index-passages.ts";
export { passages, type PassagesOptions } from "./passages.ts";
export { recallOf } from "./recall-of.ts";
export { RetrievalError } from "./retrieval-error.ts";
export { VectorIndex, type Embed, type RebuildOptions, type SearchOptions } from "./vector-index.ts";
