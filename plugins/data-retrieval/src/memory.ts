import { BM25 } from "./bm25.ts";
import { innerProduct, type Database, type Embeddings, type Hit, type Row, type Table } from "./database.ts";

/**
 * An index in memory. It compares a query with every passage: exact, and the measure of the others.
 *
 * @example memory().name  // "memory"
 */
export function memory(): Database {
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
  #text: BM25 | undefined;

  async insert(rows: readonly Row[]): Promise<void> {
    for (const row of rows) this.#rows.set(row.id, row);
    this.#text = undefined;
  }

  async nearest(query: Float32Array, k: number): Promise<Hit[]> {
    const best: { row: Row; score: number }[] = [];
    for (const row of this.#rows.values()) {
      const score = innerProduct(query, row.vector);
      if (best.length === k && score <= best[k - 1]!.score) continue;
      const place = best.findIndex((other) => other.score < score);
      best.splice(place < 0 ? best.length : place, 0, { row, score });
      best.length = Math.min(best.length, k);
    }
    return best.map(({ row, score }) => ({ ...row, score }));
  }

  async matching(query: string, k: number): Promise<Hit[]> {
    return (this.#text ??= new BM25(this.#rows.values())).search(query, k);
  }

  async *batches(size: number): AsyncGenerator<readonly Row[]> {
    const rows = [...this.#rows.values()];
    for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size);
  }

  async count(): Promise<number> {
    return this.#rows.size;
  }
}
