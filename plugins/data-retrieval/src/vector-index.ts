import { AnsatzError, ArgumentError, ShapeError, StateError, type Tensor } from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";
import type { Database, Embeddings, Hit, Passage, Row, Table } from "./database.ts";
import { RetrievalError } from "./retrieval-error.ts";

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
 * One process writes; others may read. What a reader has open stays readable while the index is rebuilt once.
 */
export class VectorIndex {
  readonly #database: Database;
  #table: Table;
  #embeddings: Embeddings;
  #length = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #addedMeanwhile: Passage[] | undefined;
  #rebuilding: Promise<unknown> = Promise.resolve();
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
   * @example (await VectorIndex.open(memory(), { version: "1", width: 8 })).width  // 8
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
    const stored = await reading(database, () => database.load());
    if (stored === undefined) {
      if (expected === undefined)
        throw new RetrievalError(
          `${database.name}: there is no index\n  create it: open it with a version and a width`,
        );
      const { table, commit } = await reading(database, () => database.create(expected));
      await reading(database, commit);
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
    index.#length = await reading(database, () => stored.table.count());
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
      await reading(this.#database, () => this.#table.insert(rows));
      this.#addedMeanwhile?.push(...passages);
      this.#length = await reading(this.#database, () => this.#table.count());
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
    if (this.#length === 0)
      throw new RetrievalError(`${this.#database.name}: the index is empty\n  add passages before you search`);
    const table = this.#table;
    const asked = Array.isArray(queries)
      ? (queries as readonly string[])
      : await vectorsOf("search", queries as Tensor, undefined, this.width);
    const find = (query: string | Float32Array) =>
      typeof query === "string" ? table.matching(query, k) : table.nearest(query, k, exact);
    return Promise.all(asked.map((query) => reading(this.#database, () => find(query))));
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
    if (this.#addedMeanwhile !== undefined)
      throw new StateError("rebuild: the index is being rebuilt already\n  await that before you start another");
    if (!Number.isInteger(batch) || batch < 1)
      throw new ArgumentError(`rebuild: batch is ${batch}\n  use a whole number, 1 or more`);
    this.#addedMeanwhile = [];
    const running = this.#rebuilt(version, embed, batch).finally(() => (this.#addedMeanwhile = undefined));
    this.#rebuilding = running.catch(() => undefined);
    await running;
  }

  async #rebuilt(version: string, embed: Embed, batch: number): Promise<void> {
    let next: (Awaited<ReturnType<Database["create"]>> & Embeddings) | undefined;
    const embedded = async (passages: readonly Passage[]) => {
      const rows = await rowsOf("rebuild", passages, await embed(passages.map(({ text }) => text)), next?.width);
      this.#open("rebuild");
      const embeddings = { version, width: rows[0]!.vector.length };
      next ??= { ...(await reading(this.#database, () => this.#database.create(embeddings))), ...embeddings };
      await reading(this.#database, () => next!.table.insert(rows));
    };
    const batches = this.#table.batches(batch)[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await reading(this.#database, () => batches.next());
      if (done === true) break;
      await embedded(value);
    }
    await this.#inTurn(async () => {
      const late = [...new Map(this.#addedMeanwhile!.map((passage) => [passage.id, passage])).values()];
      for (let start = 0; start < late.length; start += batch) await embedded(late.slice(start, start + batch));
      if (next === undefined)
        throw new RetrievalError(`${this.#database.name}: the index is empty\n  add passages before you rebuild it`);
      const { table, commit, width } = next;
      await reading(this.#database, commit);
      [this.#table, this.#embeddings] = [table, { version, width }];
      this.#length = await reading(this.#database, () => table.count());
    });
  }

  /** Releases the database, after what is being written. A rebuild ends at its next batch with a StateError. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#rebuilding;
    await this.#inTurn(() => this.#database.close());
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

/**
 * The share of the exact k nearest passages that the approximate search finds, over queries [queries, width].
 *
 * Malkov & Yashunin 2016, arXiv:1603.09320, and every benchmark of approximate search call it recall@k.
 */
export async function recallOf(index: VectorIndex, queries: Tensor, k: number): Promise<number> {
  const [exact, found] = [await index.search(queries, k, { exact: true }), await index.search(queries, k)];
  const ids = found.map((hits) => new Set(hits.map(({ id }) => id)));
  const wanted = exact.flatMap((hits, i) => hits.map(({ id }) => ids[i]!.has(id)));
  return wanted.filter(Boolean).length / wanted.length;
}

async function rowsOf(
  method: string,
  passages: readonly Passage[],
  vectors: Tensor,
  width: number | undefined,
): Promise<Row[]> {
  if (passages.length === 0) throw new ArgumentError(`${method}: there are no passages\n  give at least one`);
  const ids = new Set<string>();
  for (const { id } of passages) {
    if (ids.has(id)) throw new ArgumentError(`${method}: two passages have the id "${id}"\n  give each its own`);
    ids.add(id);
  }
  const split = await vectorsOf(method, vectors, passages.length, width);
  return passages.map(({ id, text, source, place }, i) => ({ id, text, source, place, vector: split[i]! }));
}

async function vectorsOf(
  method: string,
  vectors: Tensor,
  count: number | undefined,
  width: number | undefined,
): Promise<Float32Array[]> {
  const [rows, columns] = vectors.shape;
  if (vectors.shape.length !== 2 || columns === 0 || rows !== (count ?? rows) || columns !== (width ?? columns))
    throw widthError(method, vectors, count, width);
  const data = Float32Array.from((await vectors.data()) as ArrayLike<number>);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new ArgumentError(
      `${method}: vector ${Math.floor(bad / columns!)} has the element ${data[bad]}\n` +
        `  embed with a model whose numbers are finite`,
    );
  return Array.from({ length: rows! }, (_, i) => data.slice(i * columns!, (i + 1) * columns!));
}

function widthError(method: string, vectors: Tensor, count?: number, width?: number): ShapeError {
  const wanted = `[${count ?? "queries"}, ${width ?? "width"}]`;
  return new ShapeError(
    `${method}: the vectors are ${showShape(vectors.shape)}, not ${wanted}\n` +
      `  use the model that made the index, or rebuild the index with this one`,
  );
}

/** Says which database failed, and how to mend it. */
async function reading<T>(database: Database, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof AnsatzError) throw error;
    const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new RetrievalError(
      `${database.name}: the index cannot be read or written: ${reason}\n` +
        `  if its files are damaged, delete them and add the passages again`,
    );
  }
}
