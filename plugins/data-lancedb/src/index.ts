import { ArgumentError, StateError } from "@ansatz/core";
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
  /** The current table is in the folder `table-<number>`. */
  readonly number: number;
  /** LanceDB's version of the table, of which a lost file would otherwise leave an earlier one. */
  readonly state: number;
}

/**
 * A database for a `VectorIndex` of @ansatz/data-retrieval: on disk, in LanceDB. Node only.
 *
 * The folder holds a file `index.json`, which names the current table, and a folder `table-1`, `table-2`, … for each
 * table. From `approximateFrom` passages on, the first search builds an HNSW graph (Malkov & Yashunin 2016,
 * arXiv:1603.09320) over vectors of 8-bit numbers, and scores what it finds with the full vectors. The package
 * @lancedb/lancedb is loaded at the first use. One process writes, any number read what was there when they opened it.
 *
 * @throws StateError, at the first use, if LanceDB isn't installed, which says how to install it; and when an index is
 * written that another process has rebuilt
 * @throws ArgumentError when an index is created in a folder that holds other files
 * @example lance("facts.index").name  // "facts.index"
 */
export function lance(folder: string, { approximateFrom = 20_000 }: LanceOptions = {}) {
  const loaded = async () => ({ lancedb: await loadLanceDB(), files: await import("node:fs/promises") });
  const pointer = `${folder}/index.json`;
  const placeOf = (number: number) => `${folder}/table-${number}`;
  let current: Pointer | undefined;
  const stored = async ({ readFile }: Files) => {
    const text = await readFile(pointer, "utf8").catch(unlessMissing);
    return text === undefined ? undefined : parsed(text);
  };
  /** Another process that rebuilds the index makes another table the current one. This one must not undo that. */
  const checkCurrent = async (files: Files) => {
    if ((await stored(files))?.number !== current?.number)
      throw new StateError(`${folder}: another process has rebuilt the index\n  open it again`);
  };
  const point = async (files: Files, next: Pointer) => {
    await checkCurrent(files);
    const file = await files.open(`${pointer}.partial`, "w");
    try {
      await file.writeFile(JSON.stringify(next));
      await file.sync();
    } finally {
      await file.close();
    }
    await files.rename(`${pointer}.partial`, pointer);
    current = next;
  };
  const rowsOf = (lancedb: LanceDB, files: Files, number: number, table: LanceTable) =>
    new LanceRows(lancedb, table, approximateFrom, async () => {
      if (current?.number === number) await point(files, { ...current, state: await table.version() });
    });
  const namesIn = async ({ readdir }: Files) => (await readdir(folder).catch(unlessMissing)) ?? [];

  return {
    name: folder,
    async load() {
      const { lancedb, files } = await loaded();
      current = await stored(files);
      if (current === undefined) {
        // Without a pointer, a table is empty, from a process that was killed at its start; or the pointer is lost.
        for (const number of numbersOf(await namesIn(files))) {
          const names = await files.readdir(placeOf(number), { recursive: true });
          if (!names.every((name) => /^passages\.lance$|^passages\.lance[\\/](?!data[\\/])/.test(name)))
            throw damaged();
        }
        return undefined;
      }
      const { version, width, number, state } = current;
      const table = await (await lancedb.connect(placeOf(number))).openTable("passages");
      const vector = (await table.schema()).fields.find(({ name }) => name === "vector");
      const type = vector?.type as { readonly listSize?: number } | undefined;
      if (type?.listSize !== width || (await table.version()) < state) throw damaged();
      return { table: rowsOf(lancedb, files, number, table), version, width };
    },
    async create({ version, width }: Embeddings) {
      const { lancedb, files } = await loaded();
      const names = await namesIn(files);
      const earlier = numbersOf(names);
      if (names.length > 0 && earlier.length === 0 && !names.includes("index.json"))
        throw new ArgumentError(
          `${folder}: the folder holds other files\n  give an empty folder or one that doesn't exist`,
        );
      await checkCurrent(files);
      await files.mkdir(folder, { recursive: true });
      for (const number of earlier)
        if (number !== current?.number) await files.rm(placeOf(number), { recursive: true, force: true });
      const number = Math.max(0, ...earlier) + 1;
      const { schema } = lancedb.makeArrowTable([emptyRow(width)]);
      const table = await (await lancedb.connect(placeOf(number))).createEmptyTable("passages", schema);
      const commit = async () => point(files, { number, version, width, state: await table.version() });
      return { table: rowsOf(lancedb, files, number, table), commit };
    },
    close: async () => undefined,
  };
}

/** The numbers of the tables among the names in a folder. */
function numbersOf(names: readonly string[]): number[] {
  return names.flatMap((name) => /^table-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
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
