import { ArgumentError, StateError } from "@ansatz/core";
import type { PGlite } from "@electric-sql/pglite";
import { lockFolder } from "./folder-lock.ts";
import { PGliteRows } from "./pglite-rows.ts";
import { lockPlace } from "./web-lock.ts";

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
 * `approximateFrom` passages on, the first search builds an HNSW graph, unless the vectors are wider than 2,000, which
 * pgvector's graphs don't take. One process at a time has it open, to write or to read. In Node, the file
 * `<folder>.lock` names it.
 *
 * @throws StateError, at the first use, if another process has it open, or if the folder isn't an index
 * @throws ArgumentError if the folder is a file, if vectors are wider than 16,000, or if a passage has the character \0
 * @example pglite("memory://").name  // "memory://"
 */
export function pglite(place: string, { approximateFrom = 20_000 }: PGliteOptions = {}) {
  let opening: Promise<Opened> | undefined;
  const open = async () => {
    opening ??= opened(place).catch((error: unknown) => {
      opening = undefined; // so that the next use tries again
      throw error;
    });
    return (await opening).sql;
  };
  return {
    name: place,
    packages: ["@electric-sql/pglite", "@electric-sql/pglite-pgvector"],
    async load() {
      const sql = await open();
      const { rows } = await sql.query<Embeddings & { number: number }>("SELECT number, version, width FROM current");
      const [current] = rows;
      if (current === undefined) return undefined;
      const { number, version, width } = current;
      return { table: new PGliteRows(sql, `passages_${number}`, width, approximateFrom), version, width };
    },
    async create({ version, width }: Embeddings) {
      if (width > 16_000)
        throw new ArgumentError(`${place}: the width is ${width}\n  pgvector stores vectors of up to 16,000 numbers`);
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
      return { table: new PGliteRows(sql, name, width, approximateFrom), commit };
    },
    async close() {
      const held = await opening;
      opening = undefined;
      try {
        await held?.sql.close();
      } finally {
        await held?.release();
      }
    },
  };
}

interface Opened {
  readonly sql: PGlite;
  readonly release: () => unknown;
}

async function opened(place: string): Promise<Opened> {
  const [{ PGlite }, { vector }] = await Promise.all([
    import("@electric-sql/pglite"),
    import("@electric-sql/pglite-pgvector"),
  ]);
  const folder = folderOf(place);
  const release = folder === undefined ? await lockPlace(place) : lockFolder(folder);
  try {
    if (folder !== undefined) checkFolder(folder);
    const sql = await PGlite.create(place, { extensions: { vector } });
    await sql.exec(
      `CREATE EXTENSION IF NOT EXISTS vector;
       CREATE TABLE IF NOT EXISTS current (
         only_one boolean PRIMARY KEY CHECK (only_one), number int, version text, width int)`,
    );
    return { sql, release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** The folder that a place is, which is made if it isn't there; undefined for memory and for browsers. */
function folderOf(place: string): string | undefined {
  const scheme = /^[\w-]+:\/\//.exec(place)?.[0];
  if (place === "" || (scheme !== undefined && scheme !== "file://")) return undefined;
  const { mkdirSync, realpathSync, statSync } = process.getBuiltinModule("node:fs");
  const folder = place.slice(scheme?.length ?? 0);
  if (statSync(folder, { throwIfNoEntry: false })?.isFile() === true)
    throw new ArgumentError(`${place}: this is a file\n  give a folder, which need not exist`);
  mkdirSync(folder, { recursive: true });
  return realpathSync(folder);
}

/** PGlite would make a new database beside whatever is in a folder. */
function checkFolder(folder: string): void {
  const names = process.getBuiltinModule("node:fs").readdirSync(folder);
  if (names.length === 0 || names.includes("PG_VERSION")) return;
  throw new StateError(
    `${folder}: the folder is damaged, or not an index: it has files, and no PG_VERSION\n` +
      `  give another folder; if this was an index, delete it and add the passages again`,
  );
}
