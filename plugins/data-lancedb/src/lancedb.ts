import { StateError } from "@ansatz/core";

/** What is used of LanceDB. With types of its own, this package compiles without LanceDB's 193 MB. */
export interface LanceDB {
  connect(folder: string): Promise<{
    openTable(name: string): Promise<LanceTable>;
    createEmptyTable(name: string, schema: unknown): Promise<LanceTable>;
  }>;
  makeArrowTable(rows: readonly object[]): { readonly schema: unknown };
  readonly Index: {
    hnswSq(options: { readonly distanceType: "dot"; readonly numPartitions: number }): unknown;
    fts(
      options: Readonly<Record<"stem" | "removeStopWords" | "asciiFolding" | "withPosition", boolean>> & {
        readonly maxTokenLength: number;
      },
    ): unknown;
  };
}

/** A table of LanceDB. */
export interface LanceTable {
  countRows(): Promise<number>;
  version(): Promise<number>;
  schema(): Promise<{ readonly fields: readonly { readonly name: string; readonly type: unknown }[] }>;
  mergeInsert(column: string): Merge;
  query(): LanceQuery;
  indexStats(name: string): Promise<{ readonly numUnindexedRows: number } | undefined>;
  createIndex(column: string, options: { readonly config: unknown }): Promise<void>;
  optimize(options: { readonly cleanupOlderThan: Date }): Promise<unknown>;
}

interface Merge {
  whenMatchedUpdateAll(): Merge;
  whenNotMatchedInsertAll(): Merge;
  execute(rows: readonly object[]): Promise<unknown>;
}

interface LanceQuery extends AsyncIterable<Iterable<unknown>> {
  nearestTo(query: Float32Array): VectorQuery;
  fullTextSearch(query: string, options: { readonly columns: readonly string[] }): LanceQuery;
  select(columns: readonly string[]): this;
  limit(count: number): this;
  toArray(): Promise<unknown[]>;
}

interface VectorQuery extends LanceQuery {
  distanceType(type: "dot"): VectorQuery;
  bypassVectorIndex(): VectorQuery;
  ef(candidates: number): VectorQuery;
  refineFactor(factor: number): VectorQuery;
}

/** The version that the tests of this package run on. */
export const testedVersion = "0.39.0";

/** Where a clone of Ansatz keeps LanceDB: in the user's cache folder, for all clones. */
export async function cacheFolder(): Promise<string> {
  const [{ homedir }, { join }] = await Promise.all([import("node:os"), import("node:path")]);
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "ansatz", `lancedb-${testedVersion}`);
}

/** LanceDB, as a dependency of the project or from the cache folder. @throws StateError if neither has it */
export async function loadLanceDB(): Promise<LanceDB> {
  const { createRequire } = await import("node:module");
  for (const place of [import.meta.url, `${await cacheFolder()}/package.json`]) {
    const require = createRequire(place);
    let path: string;
    try {
      path = require.resolve("@lancedb/lancedb");
    } catch {
      continue; // it isn't there
    }
    return require(path) as LanceDB;
  }
  throw new StateError(
    "lance: LanceDB is not installed\n  npm install @lancedb/lancedb\n  in a clone of Ansatz: npx pnpm@10 lancedb",
  );
}
