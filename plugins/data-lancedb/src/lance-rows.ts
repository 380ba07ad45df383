import type { LanceDB, LanceTable } from "./lancedb.ts";

/** A passage and its embedding. */
interface Row {
  readonly id: string;
  readonly text: string;
  readonly source: string;
  readonly place: number;
  readonly vector: Float32Array;
}

interface Hit extends Row {
  readonly score: number;
}

const columns = ["id", "text", "source", "place", "vector"];
const compactedAfter = 32;
const readersHave = 3_600_000; // an hour, in milliseconds

/** The rows of one table. Each insert is a version of its own; LanceDB merges them in `optimize`. */
export class LanceRows {
  readonly #lancedb: LanceDB;
  readonly #table: LanceTable;
  readonly #approximateFrom: number;
  readonly #stored: () => Promise<void>;
  #inserts = 0;
  #vectorsIndexed: Promise<void> | undefined;
  #wordsIndexed: Promise<void> | undefined;

  constructor(lancedb: LanceDB, table: LanceTable, approximateFrom: number, stored: () => Promise<void>) {
    this.#lancedb = lancedb;
    this.#table = table;
    this.#approximateFrom = approximateFrom;
    this.#stored = stored;
  }

  async insert(rows: readonly Row[]): Promise<void> {
    await this.#table
      .mergeInsert("id")
      .whenMatchedUpdateAll()
      .whenNotMatchedInsertAll()
      .execute([...rows]);
    await this.#stored();
    [this.#vectorsIndexed, this.#wordsIndexed] = [undefined, undefined];
    this.#inserts++;
    if (this.#inserts % compactedAfter === 0) await this.#optimize();
  }

  async nearest(query: Float32Array, k: number, exact: boolean): Promise<Hit[]> {
    if (!exact) {
      this.#vectorsIndexed ??= this.#indexVectors().catch((error: unknown) => {
        this.#vectorsIndexed = undefined; // so that the next search tries again
        throw error;
      });
      await this.#vectorsIndexed;
    }
    const nearest = this.#table
      .query()
      .nearestTo(query)
      .distanceType("dot")
      .select([...columns, "_distance"])
      .limit(k);
    const found = exact ? nearest.bypassVectorIndex() : nearest.ef(Math.max(200, 4 * k)).refineFactor(4);
    return (await found.toArray()).map(rowFrom).map((row) => {
      const score = row.vector.reduce((sum, value, i) => sum + value * query[i]!, 0);
      return { ...row, score };
    });
  }

  async matching(query: string, k: number): Promise<Hit[]> {
    this.#wordsIndexed ??= this.#indexWords().catch((error: unknown) => {
      this.#wordsIndexed = undefined;
      throw error;
    });
    await this.#wordsIndexed;
    const found = this.#table
      .query()
      .fullTextSearch(query, { columns: ["text"] })
      .select([...columns, "_score"])
      .limit(k);
    return (await found.toArray()).map((record) => ({ ...rowFrom(record), score: (record as StoredHit)._score }));
  }

  async *batches(size: number): AsyncGenerator<readonly Row[]> {
    for await (const batch of this.#table.query().select(columns)) {
      const rows = [...batch].map(rowFrom);
      for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size);
    }
  }

  async count(): Promise<number> {
    return this.#table.countRows();
  }

  /** Few vectors are compared one by one, as are those added since the graph was built, while they are few. */
  async #indexVectors(): Promise<void> {
    if ((await this.count()) < this.#approximateFrom) return;
    const statistics = await this.#table.indexStats("vector_idx");
    if (statistics === undefined) {
      const config = this.#lancedb.Index.hnswSq({ distanceType: "dot", numPartitions: 1 });
      await this.#table.createIndex("vector", { config });
    } else if (statistics.numUnindexedRows >= this.#approximateFrom) await this.#optimize();
  }

  /** BM25 needs every row in its index: the rows that were added since are scored with the counts of the old ones. */
  async #indexWords(): Promise<void> {
    const statistics = await this.#table.indexStats("text_idx");
    if (statistics === undefined) {
      const config = this.#lancedb.Index.fts({
        stem: false,
        removeStopWords: false,
        asciiFolding: false,
        withPosition: false,
        maxTokenLength: 2 ** 31 - 1, // LanceDB's own is 40
      });
      await this.#table.createIndex("text", { config });
    } else if (statistics.numUnindexedRows > 0) await this.#optimize();
  }

  /** Merges small files and completes the indexes. Other processes may still read versions of the last hour. */
  async #optimize(): Promise<void> {
    await this.#table.optimize({ cleanupOlderThan: new Date(Date.now() - readersHave) });
  }
}

type StoredHit = Omit<Row, "vector"> & { readonly vector: Iterable<number>; readonly _score: number };

function rowFrom(record: unknown): Row {
  const { id, text, source, place, vector } = record as StoredHit;
  return { id, text, source, place, vector: Float32Array.from(vector) };
}

/** A row without a passage, from which LanceDB reads the columns. */
export function emptyRow(width: number): Row & Record<string, unknown> {
  return { id: "", text: "", source: "", place: 0, vector: new Float32Array(width) };
}
