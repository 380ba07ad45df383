import type { PGlite } from "@electric-sql/pglite";
import { BM25 } from "./bm25.ts";
import type { Database, Embeddings, Hit, Row, Table } from "./database.ts";
import { optional } from "./retrieval-error.ts";

export interface PGliteOptions {
  /** From how many passages a search is approximate. Below, it compares the query with all. Default: 20,000. */
  readonly approximateFrom?: number;
}

/**
 * An index in PostgreSQL, compiled to WebAssembly, with the extension pgvector: for browsers, and for Node as well. It
 * needs the packages @electric-sql/pglite and @electric-sql/pglite-pgvector.
 *
 * `place` is where PGlite keeps it: `idb://name` in a browser's IndexedDB, `memory://`, or a folder in Node. From
 * `approximateFrom` passages on, the first search builds an HNSW graph.
 *
 * @throws RetrievalError at the first use, if the packages aren't installed
 * @example pglite("memory://").name  // "memory://"
 */
export function pglite(place: string, { approximateFrom = 20_000 }: PGliteOptions = {}): Database {
  let opening: Promise<PGlite> | undefined;
  const open = () => (opening ??= opened(place));
  return {
    name: place,
    async load() {
      const sql = await open();
      const { rows } = await sql.query<Embeddings & { number: number }>("SELECT number, version, width FROM current");
      const [current] = rows;
      if (current === undefined) return undefined;
      const { number, version, width } = current;
      return { table: new PGliteRows(sql, `passages_${number}`, approximateFrom), version, width };
    },
    async create({ version, width }) {
      const sql = await open();
      const { rows } = await sql.query<{ name: string; number: number; live: boolean }>(
        `SELECT relname AS name, substr(relname, 10)::int AS number,
                substr(relname, 10)::int IN (SELECT number FROM current) AS live
         FROM pg_class WHERE relkind = 'r' AND relname ~ '^passages_[0-9]+$'`,
      );
      for (const { name, live } of rows) if (!live) await sql.exec(`DROP TABLE ${name}`);
      const number = Math.max(0, ...rows.map((row) => row.number)) + 1;
      const name = `passages_${number}`;
      await sql.exec(
        `CREATE TABLE ${name} (id text PRIMARY KEY, text text, source text, place float8, vector vector(${width}))`,
      );
      const commit = async () => {
        await sql.query(
          `INSERT INTO current VALUES (true, $1, $2, $3) ON CONFLICT (only_one)
           DO UPDATE SET number = $1, version = $2, width = $3`,
          [number, version, width],
        );
      };
      return { table: new PGliteRows(sql, name, approximateFrom), commit };
    },
    async close() {
      await (await opening)?.close();
    },
  };
}

async function opened(place: string): Promise<PGlite> {
  const [{ PGlite }, { vector }] = await optional("pglite", "@electric-sql/pglite @electric-sql/pglite-pgvector", () =>
    Promise.all([import("@electric-sql/pglite"), import("@electric-sql/pglite-pgvector")]),
  );
  const sql = await PGlite.create(place, { extensions: { vector } });
  await sql.exec(
    `CREATE EXTENSION IF NOT EXISTS vector;
     CREATE TABLE IF NOT EXISTS current (
       only_one boolean PRIMARY KEY CHECK (only_one), number int, version text, width int)`,
  );
  return sql;
}

/** A row as SQL gives it: pgvector writes a vector as [1,2,3]. */
type Stored = Omit<Row, "vector"> & { readonly vector: string; readonly score?: number };

class PGliteRows implements Table {
  readonly #sql: PGlite;
  readonly #name: string;
  readonly #approximateFrom: number;
  #indexed: Promise<void> | undefined;
  #text: BM25 | undefined;

  constructor(sql: PGlite, name: string, approximateFrom: number) {
    this.#sql = sql;
    this.#name = name;
    this.#approximateFrom = approximateFrom;
  }

  async insert(rows: readonly Row[]): Promise<void> {
    await this.#sql.query(
      `INSERT INTO ${this.#name} SELECT id, text, source, place, vector::vector
       FROM unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::text[]) AS row(id, text, source, place, vector)
       ON CONFLICT (id) DO UPDATE SET (text, source, place, vector) =
         (EXCLUDED.text, EXCLUDED.source, EXCLUDED.place, EXCLUDED.vector)`,
      [
        ...(["id", "text", "source", "place"] as const).map((column) => rows.map((row) => row[column])),
        rows.map(({ vector }) => written(vector)),
      ],
    );
    [this.#indexed, this.#text] = [undefined, undefined];
  }

  async nearest(query: Float32Array, k: number, exact: boolean): Promise<Hit[]> {
    if (!exact) await (this.#indexed ??= this.#index());
    return this.#sql.transaction(async (sql) => {
      await sql.exec(
        exact
          ? "SET LOCAL enable_indexscan = off"
          : `SET LOCAL hnsw.ef_search = ${Math.min(1000, Math.max(100, 4 * k))}`,
      );
      const { rows } = await sql.query<Stored>(
        `SELECT id, text, source, place, vector::text AS vector, -(vector <#> $1::vector) AS score
         FROM ${this.#name} ORDER BY vector <#> $1::vector LIMIT $2`,
        [written(query), k],
      );
      return rows.map((row) => ({ ...rowFrom(row), score: row.score! }));
    });
  }

  async matching(query: string, k: number): Promise<Hit[]> {
    if (this.#text === undefined) {
      const { rows } = await this.#sql.query<Stored>(`SELECT *, vector::text AS vector FROM ${this.#name}`);
      this.#text = new BM25(rows.map(rowFrom));
    }
    return this.#text.search(query, k);
  }

  async *batches(size: number): AsyncGenerator<readonly Row[]> {
    for (let last: string | null = null; ;) {
      const { rows }: { rows: Stored[] } = await this.#sql.query<Stored>(
        `SELECT *, vector::text AS vector FROM ${this.#name} WHERE $1::text IS NULL OR id > $1 ORDER BY id LIMIT $2`,
        [last, size],
      );
      if (rows.length === 0) return;
      yield rows.map(rowFrom);
      last = rows.at(-1)!.id;
    }
  }

  async count(): Promise<number> {
    const { rows } = await this.#sql.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${this.#name}`);
    return rows[0]!.count;
  }

  /** pgvector adds later rows to the graph as they are inserted. */
  async #index(): Promise<void> {
    if ((await this.count()) >= this.#approximateFrom)
      await this.#sql.exec(
        `CREATE INDEX IF NOT EXISTS ${this.#name}_vector ON ${this.#name} USING hnsw (vector vector_ip_ops)`,
      );
  }
}

function written(vector: Float32Array): string {
  return `[${vector.join(",")}]`;
}

function rowFrom({ id, text, source, place, vector }: Stored): Row {
  return { id, text, source, place, vector: Float32Array.from(JSON.parse(vector) as number[]) };
}
