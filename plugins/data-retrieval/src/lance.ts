import type { Table as LanceTable } from "@lancedb/lancedb";
import { innerProduct, type Database, type Embeddings, type Hit, type Row, type Table } from "./database.ts";
import { optional, RetrievalError } from "./retrieval-error.ts";

export interface LanceOptions {
  /** From how many passages a search is approximate. Below, it compares the query with all. Default: 20,000. */
  readonly approximateFrom?: number;
}

type Module = typeof import("@lancedb/lancedb");
type Files = typeof import("node:fs/promises");

/** What index.json holds. */
interface Pointer extends Embeddings {
  /** The folder of the current table. */
  readonly number: number;
  /** LanceDB's version of the table, of which a lost file would otherwise leave an earlier one. */
  readonly state: number;
}

/**
 * An index on disk, in LanceDB. Node only: it needs the package @lancedb/lancedb.
 *
 * The folder holds a file `index.json`, which names the current table, and one folder for each table. From
 * `approximateFrom` passages on, the first search builds an HNSW graph (Malkov & Yashunin 2016, arXiv:1603.09320) over
 * vectors of 8-bit numbers, and scores what it finds with the full vectors.
 *
 * @throws RetrievalError at the first use, if the package isn't installed
 * @example lance("facts.index").name  // "facts.index"
 */
export function lance(folder: string, { approximateFrom = 20_000 }: LanceOptions = {}): Database {
  const loaded = async () => ({
    lancedb: await optional("lance", "@lancedb/lancedb", () => import("@lancedb/lancedb")),
    files: await import("node:fs/promises"),
  });
  const pointer = `${folder}/index.json`;
  let current: Pointer | undefined;
  const point = async ({ open, rename }: Files, next: Pointer) => {
    const file = await open(`${pointer}.partial`, "w");
    try {
      await file.writeFile(JSON.stringify(next));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${pointer}.partial`, pointer);
    current = next;
  };
  const rowsOf = (lancedb: Module, files: Files, number: number, table: LanceTable) =>
    new LanceRows(lancedb, table, approximateFrom, async () => {
      if (current?.number === number) await point(files, { ...current, state: await table.version() });
    });
  const numbers = async ({ readdir }: Files) =>
    (await readdir(folder).catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const tableOf = async (lancedb: Module, number: number) =>
    (await lancedb.connect(`${folder}/${number}`)).openTable("passages");

  return {
    name: folder,
    async load() {
      const { lancedb, files } = await loaded();
      const text = await files.readFile(pointer, "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      });
      if (text === undefined) {
        for (const number of await numbers(files)) {
          // Without a pointer, a table is empty, from a process that was killed at its start; or the pointer is lost.
          const rows = await tableOf(lancedb, number).then(
            (table) => table.countRows(),
            () => 0,
          );
          if (rows > 0) throw damaged(folder);
        }
        return undefined;
      }
      current = parsed(folder, text);
      const { version, width, number, state } = current;
      const stored = await tableOf(lancedb, number);
      const vector = (await stored.schema()).fields.find(({ name }) => name === "vector");
      const type = vector?.type as { readonly listSize?: number } | undefined;
      if (type?.listSize !== width || (await stored.version()) < state) throw damaged(folder);
      return { table: rowsOf(lancedb, files, number, stored), version, width };
    },
    async create(embeddings) {
      const { lancedb, files } = await loaded();
      await files.mkdir(folder, { recursive: true });
      const earlier = await numbers(files);
      for (const number of earlier)
        if (number !== current?.number) await files.rm(`${folder}/${number}`, { recursive: true, force: true });
      const number = Math.max(0, ...earlier) + 1;
      const { schema } = lancedb.makeArrowTable([rowOf(new Float32Array(embeddings.width))]);
      const stored = await (await lancedb.connect(`${folder}/${number}`)).createEmptyTable("passages", schema);
      const commit = async () =>
        point(files, { number, version: embeddings.version, width: embeddings.width, state: await stored.version() });
      return { table: rowsOf(lancedb, files, number, stored), commit };
    },
    close: async () => undefined,
  };
}

function damaged(folder: string): RetrievalError {
  return new RetrievalError(
    `${folder}: index.json or a table is damaged or missing\n  delete the folder and add the passages again`,
  );
}

function parsed(folder: string, text: string): Pointer {
  try {
    const { number, state, version, width } = JSON.parse(text) as Pointer;
    if ([number, state, width].every(Number.isInteger) && typeof version === "string")
      return { number, state, version, width };
  } catch {
    // not JSON
  }
  throw damaged(folder);
}

const columns = ["id", "text", "source", "place", "vector"];
const compactedAfter = 32;
const readersHave = 3_600_000; // an hour, in milliseconds

/** The rows of one table. Each insert is a version of its own; LanceDB merges them in `optimize`. */
class LanceRows implements Table {
  readonly #lancedb: Module;
  readonly #table: LanceTable;
  readonly #approximateFrom: number;
  readonly #stored: () => Promise<void>;
  #inserts = 0;
  #vectorsIndexed: Promise<void> | undefined;
  #wordsIndexed: Promise<void> | undefined;

  constructor(lancedb: Module, table: LanceTable, approximateFrom: number, stored: () => Promise<void>) {
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
      .execute([...rows] as never);
    await this.#stored();
    [this.#vectorsIndexed, this.#wordsIndexed] = [undefined, undefined];
    this.#inserts++;
    if (this.#inserts % compactedAfter === 0) await this.#optimize();
  }

  async nearest(query: Float32Array, k: number, exact: boolean): Promise<Hit[]> {
    if (!exact) await (this.#vectorsIndexed ??= this.#indexVectors());
    const nearest = this.#table
      .query()
      .nearestTo(query)
      .distanceType("dot")
      .select([...columns, "_distance"])
      .limit(k);
    const found = exact ? nearest.bypassVectorIndex() : nearest.ef(Math.max(200, 4 * k)).refineFactor(4);
    return (await found.toArray()).map(rowFrom).map((row) => ({ ...row, score: innerProduct(query, row.vector) }));
  }

  async matching(query: string, k: number): Promise<Hit[]> {
    await (this.#wordsIndexed ??= this.#indexWords());
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

function rowOf(vector: Float32Array): Record<string, unknown> {
  return { id: "", text: "", source: "", place: 0, vector };
}
