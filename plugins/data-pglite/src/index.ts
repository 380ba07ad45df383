import type { PGlite } from "@electric-sql/pglite";
import { PGliteRows } from "./pglite-rows.ts";

/** Which embeddings an index holds: the version of the model that made them, and the length of a vector. */
interface Embeddings {
  readonly version: string;
  readonly width: number;
}

export interface PGliteOptions {
  /** From how many passages a search is approximate. Below, it compares the query with all. Default: 20,000. */
  readonly approximateFrom?: number;
}

/**
 * A database for a `VectorIndex` of @ansatz/data-retrieval: PostgreSQL, compiled to WebAssembly, with the extension
 * pgvector, for browsers and for Node. The packages @electric-sql/pglite and @electric-sql/pglite-pgvector are loaded
 * at the first use.
 *
 * `place` is where PGlite keeps it: `idb://name` in a browser's IndexedDB, `memory://`, or a folder in Node. From
 * `approximateFrom` passages on, the first search builds an HNSW graph.
 *
 * @example pglite("memory://").name  // "memory://"
 */
export function pglite(place: string, { approximateFrom = 20_000 }: PGliteOptions = {}) {
  let opening: Promise<PGlite> | undefined;
  const open = () => (opening ??= opened(place));
  return {
    name: place,
    packages: ["@electric-sql/pglite", "@electric-sql/pglite-pgvector"],
    async load() {
      const sql = await open();
      const { rows } = await sql.query<Embeddings & { number: number }>("SELECT number, version, width FROM current");
      const [current] = rows;
      if (current === undefined) return undefined;
      const { number, version, width } = current;
      return { table: new PGliteRows(sql, `passages_${number}`, approximateFrom), version, width };
    },
    async create({ version, width }: Embeddings) {
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
  const [{ PGlite }, { vector }] = await Promise.all([
    import("@electric-sql/pglite"),
    import("@electric-sql/pglite-pgvector"),
  ]);
  const sql = await PGlite.create(place, { extensions: { vector } });
  await sql.exec(
    `CREATE EXTENSION IF NOT EXISTS vector;
     CREATE TABLE IF NOT EXISTS current (
       only_one boolean PRIMARY KEY CHECK (only_one), number int, version text, width int)`,
  );
  return sql;
}
