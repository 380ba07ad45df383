import type { Database, Embeddings, Hit, Row, Table } from "./database.ts";

/**
 * An index in memory. It compares a query with every passage: exact, and the measure of the others.
 *
 * @example inMemory().name  // "memory"
 */
export function inMemory(): Database {
  let current: (Embeddings & { readonly table: Table }) | undefined;
  return {
    name: "memory",
    load: async () => current,
    async create(embeddings) {
      const table = new MemoryTable();
      const commit = async () => void (current = { ...embeddings, table });
      return { table, commit };
    },
    close: async () => undefined,
  };
}

class MemoryTable implements Table {
  readonly #rows = new Map<string, Row>();

  async insert(rows: readonly Row[]): Promise<void> {
    for (const row of rows) this.#rows.set(row.id, row);
  }

  async nearest(query: Float32Array, k: number): Promise<Hit[]> {
    const best: { row: Row; score: number }[] = [];
    for (const row of this.#rows.values()) {
      let score = 0;
      for (let i = 0; i < query.length; i++) score += query[i]! * row.vector[i]!;
      if (best.length === k && score <= best[k - 1]!.score) continue;
      const place = best.findIndex((other) => other.score < score);
      best.splice(place < 0 ? best.length : place, 0, { row, score });
      best.length = Math.min(best.length, k);
    }
    return best.map(({ row, score }) => ({ ...row, score }));
  }

  async *batches(size: number): AsyncGenerator<readonly Row[]> {
    const rows = [...this.#rows.values()];
    for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size);
  }

  async count(): Promise<number> {
    return this.#rows.size;
  }
}
