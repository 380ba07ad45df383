import { emptyRow, LanceRows } from "./lance-rows.ts";
import { loadLanceDB, type LanceDB, type LanceTable } from "./lancedb.ts";

export interface LanceOptions {
  /** From how many passages a search is approximate. Below, it compares the query with all. Default: 20,000. */
  readonly approximateFrom?: number;
}

type Files = typeof import("node:fs/promises");

/** Which embeddings an index holds: the version of the model that made them, and the length of a vector. */
interface Embeddings {
  readonly version: string;
  readonly width: number;
}

/** What index.json holds. */
interface Pointer extends Embeddings {
  /** The folder of the current table. */
  readonly number: number;
  /** LanceDB's version of the table, of which a lost file would otherwise leave an earlier one. */
  readonly state: number;
}

/**
 * A database for a `VectorIndex` of @ansatz/data-retrieval: on disk, in LanceDB. Node only.
 *
 * The folder holds a file `index.json`, which names the current table, and one folder for each table. From
 * `approximateFrom` passages on, the first search builds an HNSW graph (Malkov & Yashunin 2016, arXiv:1603.09320) over
 * vectors of 8-bit numbers, and scores what it finds with the full vectors. The package @lancedb/lancedb is loaded at
 * the first use; without it, that is a StateError which says how to install it.
 *
 * @example lance("facts.index").name  // "facts.index"
 */
export function lance(folder: string, { approximateFrom = 20_000 }: LanceOptions = {}) {
  const loaded = async () => ({ lancedb: await loadLanceDB(), files: await import("node:fs/promises") });
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
  const rowsOf = (lancedb: LanceDB, files: Files, number: number, table: LanceTable) =>
    new LanceRows(lancedb, table, approximateFrom, async () => {
      if (current?.number === number) await point(files, { ...current, state: await table.version() });
    });
  const numbers = async ({ readdir }: Files) =>
    (await readdir(folder).catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const tableOf = async (lancedb: LanceDB, number: number) =>
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
          if (rows > 0) throw damaged();
        }
        return undefined;
      }
      current = parsed(text);
      const { version, width, number, state } = current;
      const stored = await tableOf(lancedb, number);
      const vector = (await stored.schema()).fields.find(({ name }) => name === "vector");
      const type = vector?.type as { readonly listSize?: number } | undefined;
      if (type?.listSize !== width || (await stored.version()) < state) throw damaged();
      return { table: rowsOf(lancedb, files, number, stored), version, width };
    },
    async create(embeddings: Embeddings) {
      const { lancedb, files } = await loaded();
      await files.mkdir(folder, { recursive: true });
      const earlier = await numbers(files);
      for (const number of earlier)
        if (number !== current?.number) await files.rm(`${folder}/${number}`, { recursive: true, force: true });
      const number = Math.max(0, ...earlier) + 1;
      const { schema } = lancedb.makeArrowTable([emptyRow(embeddings.width)]);
      const stored = await (await lancedb.connect(`${folder}/${number}`)).createEmptyTable("passages", schema);
      const commit = async () =>
        point(files, { number, version: embeddings.version, width: embeddings.width, state: await stored.version() });
      return { table: rowsOf(lancedb, files, number, stored), commit };
    },
    close: async () => undefined,
  };
}

function damaged(): Error {
  return new Error("index.json or a table is damaged or missing");
}

function parsed(text: string): Pointer {
  try {
    const { number, state, version, width } = JSON.parse(text) as Pointer;
    if ([number, state, width].every(Number.isInteger) && typeof version === "string")
      return { number, state, version, width };
  } catch {
    // not JSON
  }
  throw damaged();
}
