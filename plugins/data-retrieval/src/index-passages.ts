import { ArgumentError, zeros } from "@ansatz/core";
import type { Database, Passage } from "./database.ts";
import { checkShape } from "./rows.ts";
import { VectorIndex, type Embed } from "./vector-index.ts";

export interface IndexPassagesOptions {
  /** The version of the model that embeds. */
  readonly version: string;
  /** Without it the vectors are zeros of width 1, and the index can be searched by words only. */
  readonly embed?: Embed | undefined;
  /** Passages that are embedded together. Default: 256. */
  readonly batch?: number;
}

/**
 * An index of passages: opens the one of a database, or creates it, embeds the passages and adds them, batch by batch.
 * Each call embeds all of them, also those that the index has. If one fails, the index is closed.
 *
 * @throws ArgumentError if there are no passages, or if `batch` isn't a whole number, 1 or more
 * @throws ShapeError if `embed` doesn't make a vector of each text
 * @throws what `VectorIndex.open` and `add` throw, and what `embed` throws
 * @example (await indexPassages(inMemory(), passages("a b c", { words: 1 }), { version: "words" })).length  // 3
 */
export async function indexPassages(
  database: Database,
  passages: readonly Passage[],
  { version, embed, batch = 256 }: IndexPassagesOptions,
): Promise<VectorIndex> {
  if (!Number.isInteger(batch) || batch < 1)
    throw new ArgumentError(`indexPassages: batch is ${batch}\n  use a whole number, 1 or more`);
  let index: VectorIndex | undefined;
  try {
    for (let start = 0; start < passages.length; start += batch) {
      const own = passages.slice(start, start + batch);
      const vectors = embed === undefined ? zeros([own.length, 1]) : await embed(own.map(({ text }) => text));
      checkShape("indexPassages", vectors, own.length, index?.width);
      index ??= await VectorIndex.open(database, { version, width: vectors.shape[1]! });
      await index.add(own, vectors);
    }
  } catch (error) {
    await index?.close().catch(() => undefined);
    throw error;
  }
  if (index === undefined) throw new ArgumentError("indexPassages: there are no passages\n  give at least one");
  return index;
}
