import { ArgumentError, StateError, type Tensor } from "@ansatz/core";
import { BM25 } from "./bm25.ts";
import type { Database, Embeddings, Hit, Passage, Table } from "./database.ts";
import { attempt, RetrievalError } from "./retrieval-error.ts";
import { rowsOf, vectorsOf } from "./rows.ts";

/** A model that turns texts into vectors: [texts, width]. */
export type Embed = (texts: readonly string[]) => Tensor | Promise<Tensor>;

export interface RebuildOptions {
  /** The version of the model that embeds. */
  readonly version: string;
  readonly embed: Embed;
  /** Passages that are embedded together. Default: 256. */
  readonly batch?: number;
}

export interface SearchOptions {
  /** Compares each query with every passage, instead of an approximate search. Default: false. */
  readonly exact?: boolean;
}

/**
 * Passages and their embeddings in a database, found by inner product (as FAISS's IndexFlatIP) or by their words.
 *
 * One process writes. Whether others may read meanwhile is up to the database. With LanceDB any number may, and see
 * what was there when they opened it, which stays readable while the index is rebuilt once. With PGlite none may.
 */
export class VectorIndex {
  readonly #database: Database;
  #table: Table;
  #embeddings: Embeddings;
  #length = 0;
  #words: Promise<BM25> | undefined; // of a table that has no full-text search
  #turn: Promise<unknown> = Promise.resolve();
  #rebuilding: Promise<unknown> = Promise.resolve();
  #late: Passage[] | undefined; // what is added during a rebuild
  #closed = false;

  private constructor(database: Database, table: Table, { version, width }: Embeddings) {
    this.#database = database;
    this.#table = table;
    this.#embeddings = { version, width };
  }

  /**
   * Opens the index of a database, or creates it. Without `expected`, it opens whatever is there.
   *
   * @throws RetrievalError if it holds embeddings of another version or width, is damaged, or does not exist and
   * nothing is expected
   * @example (await VectorIndex.open(inMemory(), { version: "1", width: 8 })).width  // 8
   */
  static async open(database: Database, expected?: Embeddings): Promise<VectorIndex> {
    if (expected !== undefined && !(Number.isInteger(expected.width) && expected.width >= 1))
      throw new ArgumentError(`VectorIndex: the width is ${expected.width}\n  use a whole number, 1 or more`);
    try {
      return await VectorIndex.#opened(database, expected);
    } catch (error) {
      await database.close().catch(() => undefined);
      throw error;
    }
  }

  static async #opened(database: Database, expected: Embeddings | undefined): Promise<VectorIndex> {
    const stored = await attempt("read", database, () => database.load());
    if (stored === undefined) {
      if (expected === undefined)
        throw new RetrievalError(`${database.name}: there is no index\n  create it: give a version and a width`);
      const { table, commit } = await attempt("written", database, () => database.create(expected));
      await attempt("written", database, commit);
      return new VectorIndex(database, table, expected);
    }
    for (const property of ["version", "width"] as const) {
      if (expected === undefined || expected[property] === stored[property]) continue;
      throw new RetrievalError(
        `${database.name}: the ${property} of the embeddings is ${stored[property]}, not ${expected[property]}\n` +
          `  embed the passages again: open the index without a version and a width, and call rebuild`,
      );
    }
    const index = new VectorIndex(database, stored.table, stored);
    index.#length = await attempt("read", database, () => stored.table.count());
    return index;
  }

  /** The version of the model that made the embeddings. */
  get version(): string {
    return this.#embeddings.version;
  }

  /** The length of a vector. */
  get width(): number {
    return this.#embeddings.width;
  }

  /** How many passages there are. */
  get length(): number {
    return this.#length;
  }

  /**
   * Stores passages with their vectors [passages, width]: all or none. Once it resolves, no crash of the process loses
   * them. A passage with the id of an earlier one replaces it, so an interrupted run can add everything again.
   *
   * @throws ArgumentError if there are none, if an id occurs twice, or if a vector isn't finite
   * @throws ShapeError if the vectors have another shape
   * @throws RetrievalError if the database cannot store them
   */
  async add(passages: readonly Passage[], vectors: Tensor): Promise<void> {
    this.#open("add");
    const { version } = this;
    const rows = await rowsOf("add", passages, vectors, this.width);
    await this.#inTurn(async () => {
      if (this.version !== version)
        throw new RetrievalError(
          `add: a rebuild replaced version ${version} by ${this.version}\n  embed the passages with the new model`,
        );
      await attempt("written", this.#database, () => this.#table.insert(rows));
      this.#late?.push(...passages);
      await this.#changed(this.#table);
    });
  }

  /**
   * For each query, the best k passages (or all, if there are fewer), best first. Queries are vectors [queries, width],
   * compared by inner product, or texts, compared by BM25; texts find only passages that share a word with them.
   *
   * It reads the queries, and a tensor that was read forgets how it was made. To train the encoder, let it make the
   * queries once for the search and again in the step.
   *
   * @throws ArgumentError if k isn't 1 or more, or if a vector isn't finite
   * @throws ShapeError if the vectors have another width
   * @throws RetrievalError if the index is empty or damaged
   */
  async search(
    queries: Tensor | readonly string[],
    k: number,
    { exact = false }: SearchOptions = {},
  ): Promise<Hit[][]> {
    this.#open("search");
    if (!Number.isInteger(k) || k < 1) throw new ArgumentError(`search: k is ${k}\n  use a whole number, 1 or more`);
    if (this.#length === 0) throw this.#empty();
    const table = this.#table;
    const find =
      "shape" in queries
        ? (await vectorsOf("search", queries, this.width)).map((query) => () => table.nearest(query, k, exact))
        : queries.map((query) => () => this.#matching(table, query, k));
    return Promise.all(find.map((search) => attempt("read", this.#database, search)));
  }

  /**
   * Embeds all passages again and replaces the index in one step. Searches find the old embeddings until then, and a
   * crash leaves them in place. What is added meanwhile is in both.
   *
   * @throws StateError while another rebuild is running
   * @throws RetrievalError if the index is empty or the database fails
   * @throws what `embed` throws
   */
  async rebuild({ version, embed, batch = 256 }: RebuildOptions): Promise<void> {
    this.#open("rebuild");
    if (this.#late !== undefined)
      throw new StateError("rebuild: the index is being rebuilt already\n  await that before you start another");
    if (!Number.isInteger(batch) || batch < 1)
      throw new ArgumentError(`rebuild: batch is ${batch}\n  use a whole number, 1 or more`);
    this.#late = [];
    const running = this.#rebuilt(version, embed, batch).finally(() => (this.#late = undefined));
    this.#rebuilding = running.catch(() => undefined);
    await running;
  }

  async #rebuilt(version: string, embed: Embed, batch: number): Promise<void> {
    const database = this.#database;
    let next: (Awaited<ReturnType<Database["create"]>> & Embeddings) | undefined;
    const embedded = async (passages: readonly Passage[]) => {
      const rows = await rowsOf("rebuild", passages, await embed(passages.map(({ text }) => text)), next?.width);
      this.#open("rebuild");
      const embeddings = { version, width: rows[0]!.vector.length };
      next ??= { ...(await attempt("written", database, () => database.create(embeddings))), ...embeddings };
      await attempt("written", database, () => next!.table.insert(rows));
    };
    const batches = this.#table.batches(batch)[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await attempt("read", database, () => batches.next());
      if (done === true) break;
      await embedded(value);
    }
    await this.#inTurn(async () => {
      const late = [...new Map(this.#late!.map((passage) => [passage.id, passage])).values()];
      for (let start = 0; start < late.length; start += batch) await embedded(late.slice(start, start + batch));
      if (next === undefined) throw this.#empty();
      const { table, commit, width } = next;
      await attempt("written", database, commit);
      this.#embeddings = { version, width };
      await this.#changed(table);
    });
  }

  /** Releases the database, after what is being written. A rebuild ends at its next batch with a StateError. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#rebuilding;
    await this.#inTurn(() => this.#database.close());
  }

  async #changed(table: Table): Promise<void> {
    [this.#table, this.#words] = [table, undefined];
    this.#length = await attempt("read", this.#database, () => table.count());
  }

  async #matching(table: Table, query: string, k: number): Promise<Hit[]> {
    if (table.matching !== undefined) return table.matching(query, k);
    this.#words ??= BM25.of(table);
    this.#words.catch(() => (this.#words = undefined)); // so that the next search tries again
    return (await this.#words).search(query, k);
  }

  #empty(): RetrievalError {
    const mend = "add passages first; if another process has added some, open it again";
    return new RetrievalError(`${this.#database.name}: the index is empty\n  ${mend}`);
  }

  #open(method: string): void {
    if (this.#closed) throw new StateError(`${method}: the index is closed\n  open it again`);
  }

  /** Runs one writer after the other. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(task);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
