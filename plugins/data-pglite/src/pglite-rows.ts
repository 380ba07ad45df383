import { ArgumentError } from "@ansatz/core";
import type { PGlite } from "@electric-sql/pglite";

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

/** A row as SQL gives it: pgvector writes a vector as [1,2,3]. */
type Stored = Omit<Row, "vector"> & { readonly vector: string; readonly score?: number };

const widestGraph = 2_000; // pgvector's limit

/** The rows of one table. */
export class PGliteRows {
  readonly #sql: PGlite;
  readonly #name: string;
  readonly #width: number;
  readonly #approximateFrom: number;
  #indexed: Promise<void> | undefined;

  constructor(sql: PGlite, name: string, width: number, approximateFrom: number) {
    this.#sql = sql;
    this.#name = name;
    this.#width = width;
    this.#approximateFrom = approximateFrom;
  }

  async insert(rows: readonly Row[]): Promise<void> {
    for (const row of rows)
      for (const column of ["id", "text", "source"] as const)
        if (row[column].includes("\0"))
          throw new ArgumentError(
            `pglite: the ${column} of passage ${JSON.stringify(row.id)} has the character \\0\n` +
              `  remove it: PostgreSQL cannot store it`,
          );
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
    this.#indexed = undefined;
  }

  async nearest(query: Float32Array, k: number, exact: boolean): Promise<Hit[]> {
    if (!exact) {
      this.#indexed ??= this.#index().catch((error: unknown) => {
        this.#indexed = undefined; // so that the next search tries again
        throw error;
      });
      await this.#indexed;
    }
    const hits = await this.#sql.transaction(async (sql) => {
      await sql.exec(exact ? "SET LOCAL enable_indexscan = off" : approximate(k));
      const { rows } = await sql.query<Stored>(
        `SELECT id, text, source, place, vector::text AS vector, -(vector <#> $1::vector) AS score
         FROM ${this.#name} ORDER BY vector <#> $1::vector LIMIT $2`,
        [written(query), k],
      );
      return rows.map((row) => ({ ...rowFrom(row), score: row.score! }));
    });
    const isWhole = exact || hits.length === k || hits.length === (await this.count());
    return isWhole ? hits : this.nearest(query, k, true); // some passages cannot be reached in the graph
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
    if (this.#width <= widestGraph && (await this.count()) >= this.#approximateFrom)
      await this.#sql.exec(
        `CREATE INDEX IF NOT EXISTS ${this.#name}_vector ON ${this.#name} USING hnsw (vector vector_ip_ops)`,
      );
  }
}

/** Settings of an approximate search. After the 1,000 candidates that pgvector takes at once, it goes on. */
function approximate(k: number): string {
  return `SET LOCAL enable_seqscan = off;
    SET LOCAL hnsw.ef_search = ${Math.min(1000, Math.max(100, 4 * k))};
    SET LOCAL hnsw.iterative_scan = strict_order;
    SET LOCAL hnsw.max_scan_tuples = ${2 ** 31 - 1}`;
}

function written(vector: Float32Array): string {
  return `[${vector.join(",")}]`;
}

function rowFrom({ id, text, source, place, vector }: Stored): Row {
  return { id, text, source, place, vector: Float32Array.from(JSON.parse(vector) as number[]) };
}
