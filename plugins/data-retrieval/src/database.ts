/** A piece of a text, as a database keeps it. */
export interface Passage {
  /** Its name. A passage that is added again under its name replaces the first. */
  readonly id: string;
  readonly text: string;
  /** What it was cut from, such as a file. */
  readonly source: string;
  /** The position of its first character in the source. */
  readonly place: number;
}

/** A passage and its embedding. */
export interface Row extends Passage {
  readonly vector: Float32Array;
}

/** A passage that was found, with its score: the inner product with the query, or BM25 for words. */
export interface Hit extends Row {
  readonly score: number;
}

/** Which embeddings an index holds. */
export interface Embeddings {
  /** The version of the model that made them. */
  readonly version: string;
  /** The length of a vector. */
  readonly width: number;
}

/** The rows of one version of an index. */
export interface Table {
  /** Stores rows, instead of earlier ones with the same ids: all of them or none. They are safe once this resolves. */
  insert(rows: readonly Row[]): Promise<void>;
  /** The rows with the largest inner product, largest first. `exact` compares the query with every row. */
  nearest(query: Float32Array, k: number, exact: boolean): Promise<Hit[]>;
  /**
   * The rows with the largest BM25 score, largest first, without those that share no word with the query. A database
   * without full-text search leaves it out; the scores are then computed from its rows.
   */
  matching?(query: string, k: number): Promise<Hit[]>;
  /** All rows, in batches of at most `size`. */
  batches(size: number): AsyncIterable<readonly Row[]>;
  count(): Promise<number>;
}

/**
 * Where an index is kept, such as `inMemory()`. `testDatabase` tests one.
 *
 * It holds one current table. Another one becomes current by `commit`, in one atomic step. The table before stays
 * readable until the next `create`. What it throws reaches the user as a RetrievalError with its name.
 */
export interface Database {
  /** What errors call it. */
  readonly name: string;
  /** The packages that it loads at its first use, for the error if one isn't installed. */
  readonly packages?: readonly string[];
  /** The current table, or undefined if there is none yet. */
  load(): Promise<(Embeddings & { readonly table: Table }) | undefined>;
  /** An empty table that is not current. */
  create(embeddings: Embeddings): Promise<{ readonly table: Table; commit(): Promise<void> }>;
  close(): Promise<void>;
}
